// Words that a caller looks for, and whether a text has them: one rule for lists of plans, of the registry and of mail.

/** The words of a text, in lower case. */
export function wordsOf(text: string | undefined): string[] {
  return (text ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** A predicate: whether all words of the text occur in a lower-case string. True for no text. */
export function matcher(text: string | undefined): (searched: string) => boolean {
  const words = wordsOf(text);
  return (searched) => words.every((word) => searched.includes(word));
}
