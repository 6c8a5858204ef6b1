// Reads the bytes of a file as text: UTF-8, or UTF-16 as some shells and editors write it, without byte order marks.
// Used by cli/import-source.ts.

/** The text of a file; `odd` says if bytes in it are no text. */
export function decodeText(bytes: Uint8Array): { text: string; odd?: string } {
  const encoding = encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes);
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return { text, odd: `some of its bytes are no ${encoding.toUpperCase()}: each is read as �` };
  }
  return { text };
}

function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  // Without a mark: JSON begins with an ASCII character, which has a zero byte beside it in UTF-16.
  if (a !== undefined && b === 0 && a !== 0) return 'utf-16le';
  return a === 0 && b !== undefined && b !== 0 ? 'utf-16be' : 'utf-8';
}
