// Text that came from outside, made fit to show: in failure texts (failure-text.ts) and on a terminal (cli/render.ts).

// Control and format characters (bidirectional overrides, zero-width, tags) and the two separators: what can hide or
// reorder text for a reader.
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Escapes what a terminal or reader would act on or not see, as \uXXXX. */
export function visible(text: string): string {
  return text.replace(unseen, (found) => {
    let escaped = '';
    for (let i = 0; i < found.length; i++) escaped += `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`;
    return escaped;
  });
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
