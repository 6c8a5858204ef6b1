// Makes text from outside safe to show, and hides the home directory in answers. Text for reading (lists, boards,
// dashboards, notes, failures, prompts, the terminal) shows invisible characters as visible escapes, so that a message
// cannot hide or reorder what a reader sees. Data (messages, state, descriptions) keeps the value that was sent; the
// JSON text that leaves the server writes such characters as \uXXXX, which parses to the same value. Used by failure/,
// admin/, tools/, dashboard/, prompts/, resources/, mcp/ and cli/.

// Control and format characters (bidirectional overrides, zero-width characters, tags) and the two line separators of
// Unicode.
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Escapes as \uXXXX every character that a terminal would obey or a reader would not see. */
export function visible(text: string): string {
  return text.replace(unseen, escaped);
}

/**
 * Like `visible`, but keeps line ends. For text of several lines, and for JSON text: the escaped text parses to the
 * same value.
 */
export function visibleLines(text: string): string {
  return text.replace(unseen, (found) => (found === '\n' ? found : escaped(found)));
}

function escaped(found: string): string {
  let text = '';
  for (let i = 0; i < found.length; i++) text += `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return text;
}

/** One line of text from outside for use inside a sentence: in quotes, visible, and cut to `limit` characters. */
export function quoted(text: string, limit = 120): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  return `"${visible(cut)}"`;
}

/** A word for a shell, for a command that a user shall copy. Not in quotes: `~` must go on to mean the home. */
export function shellWord(text: string): string {
  return text.replace(/[^\p{L}\p{N}_@%+=:,./~-]/gu, '\\$&');
}

/** Replaces the home directory by `~` in every string of a JSON-like value, so that no answer names the user's home. */
export function withoutHome<T>(value: T, home: string): T;
export function withoutHome(value: unknown, home: string): unknown {
  if (home.length < 2) return value;
  // Match whole path components only: with the home directory /root, neither /data/root nor /rooted is meant.
  const named = new RegExp(
    `(?<![\\p{L}\\p{N}_.-])${home.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}_-]|\\.\\w)`,
    'gu',
  );
  return replaced(value, named);
}

function replaced(value: unknown, named: RegExp): unknown {
  if (typeof value === 'string') return value.replace(named, '~');
  if (Array.isArray(value)) return value.map((item: unknown) => replaced(item, named));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, named)]));
}
