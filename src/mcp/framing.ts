// Splits a byte stream into lines, and finds the id of a message that cannot be parsed. Used by stdio.ts and
// messages.ts.

const newline = 0x0a;
/** How many bytes of each end of an over-long line are kept, to find its id. */
const endBytes = 4096;

export type Line = { kind: 'line'; bytes: Buffer } | { kind: 'oversized'; size: number; head: Buffer; tail: Buffer };

/** Splits chunks into lines. Each byte is searched once, and copied at most once, however the chunks are cut. */
export class LineSplitter {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #size = 0;
  #head: Buffer | undefined;
  #tail: Buffer = Buffer.alloc(0);

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The lines that this chunk completes; the rest is kept for the next chunk. */
  *push(chunk: Buffer): Generator<Line> {
    let from = 0;
    while (from < chunk.length) {
      const end = chunk.indexOf(newline, from);
      this.#keep(end < 0 ? chunk.subarray(from) : chunk.subarray(from, end));
      if (end < 0) return;
      yield this.#take();
      from = end + 1;
    }
  }

  /** The last line if it has no newline; undefined if there is none. */
  end(): Line | undefined {
    return this.#size > 0 ? this.#take() : undefined;
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#head === undefined && this.#size <= this.#limit) {
      this.#parts.push(part);
      return;
    }
    // Beyond the limit only both ends are kept, so that memory stays bounded however long the line is.
    if (this.#head === undefined) {
      const sofar = Buffer.concat([...this.#parts, part]);
      this.#parts = [];
      this.#head = Buffer.from(sofar.subarray(0, endBytes));
      this.#tail = Buffer.from(sofar.subarray(-endBytes));
    } else {
      this.#tail = Buffer.from(Buffer.concat([this.#tail, part.subarray(-endBytes)]).subarray(-endBytes));
    }
  }

  #take(): Line {
    const [only] = this.#parts;
    const line: Line =
      this.#head !== undefined
        ? { kind: 'oversized', size: this.#size, head: this.#head, tail: this.#tail }
        : { kind: 'line', bytes: this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts) };
    this.#parts = [];
    this.#size = 0;
    this.#head = undefined;
    return line;
  }
}

export type MessageId = string | number;

/**
 * The top-level id of a message that is too long or no valid UTF-8, from its two ends; undefined if it is not found. A
 * nested "id" never counts: an answer with another request's id would be worse than one without.
 */
export function findId(head: Buffer, tail: Buffer): MessageId | undefined {
  return idAtEnd(tail.subarray(-endBytes).toString('utf8')) ?? idInHead(head);
}

/** The id in `,"id":5}` at the very end, where the brace closes the whole message, so that the key is top-level. */
function idAtEnd(text: string): MessageId | undefined {
  const found = /,\s*"id"\s*:\s*("(?:[^"\\]|\\.){0,256}"|-?\d{1,16})\s*\}\s*$/.exec(text);
  return found?.[1] === undefined ? undefined : parseId(found[1]);
}

/** The id in a message's first bytes, found by counting brackets; for text that is no JSON, too. */
export function idInHead(head: Buffer): MessageId | undefined {
  const text = head.subarray(0, endBytes).toString('utf8');
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]]/y;
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    token.lastIndex = at;
    const found = token.exec(text)?.[0];
    if (found === undefined) {
      // The string does not end in these bytes: nothing after the quote is known to be outside of it.
      if (text[at] === '"') return undefined;
      at++;
      continue;
    }
    at += found.length;
    if (found === '{' || found === '[') depth++;
    else if (found === '}' || found === ']') depth--;
    if (depth < 1) return undefined;
    if (found === '"id"' && depth === 1) {
      const value = /^\s*:\s*("(?:[^"\\]|\\.){0,256}"|-?\d{1,16}(?=[\s,}]))/.exec(text.slice(at, at + 600));
      if (value?.[1] !== undefined) return parseId(value[1]);
    }
  }
  return undefined;
}

function parseId(text: string): MessageId | undefined {
  try {
    const id: unknown = JSON.parse(text);
    return typeof id === 'string' || Number.isSafeInteger(id) ? (id as MessageId) : undefined;
  } catch {
    return undefined;
  }
}
