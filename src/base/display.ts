// Text that came from outside, made fit to show. What is made to be looked at (lists, boards, dashboards, notes,
// failures, prompts, the terminal) has what a reader cannot see as visible text. What is read as data (messages, state,
// descriptions) keeps the value that was sent, and everything that leaves the server is JSON text in which such
// characters stand as \uXXXX: the same value, that does nothing where the text itself is shown.

// Control and format characters (bidirectional overrides, zero-width, tags) and the two separators: what can hide or
// reorder text for a reader.
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Escapes what a terminal or reader would act on or not see, as \uXXXX. */
export function visible(text: string): string {
  return text.replace(unseen, escaped);
}

/** As `visible`, but for line ends: for text of several lines, and for JSON text, which means the same afterwards. */
export function visibleLines(text: string): string {
  return text.replace(unseen, (found) => (found === '\n' ? found : escaped(found)));
}

function escaped(found: string): string {
  let text = '';
  for (let i = 0; i < found.length; i++) text += `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return text;
}

/** One line of foreign text for use inside a sentence: visible, and cut at `limit` characters. */
export function quoted(text: string, limit = 120): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  return `"${visible(cut)}"`;
}

/** Replaces the home directory by `~` in every string of a JSON-like value: answers carry no absolute home path. */
export function withoutHome<T>(value: T, home: string): T;
export function withoutHome(value: unknown, home: string): unknown {
  if (home.length < 2) return value;
  // Only where it stands for itself: /data/root and /rooted are other places than /root.
  const named = new RegExp(`(?<![\\w.-])${home.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-]|\\.\\w)`, 'g');
  return replaced(value, named);
}

function replaced(value: unknown, named: RegExp): unknown {
  if (typeof value === 'string') return value.replace(named, '~');
  if (Array.isArray(value)) return value.map((item: unknown) => replaced(item, named));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, named)]));
}
