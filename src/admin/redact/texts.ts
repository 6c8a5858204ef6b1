// Takes exact texts out of JSON values, from strings and keys, in every form in which a text may appear there; also
// finds them in bytes. Used by commits.ts, and for its marker by paths.ts and cli/verbs/redact.ts.

import { FailureError } from '../../failure/failure.ts';
import { isObject, type Json, type JsonObject } from '../../json/json.ts';

/** The replacement of every removed value and text. */
export const REDACTED = '[redacted]';

/** The form of keys of Baton's own documents, which would break if one were renamed. */
const OWN_KEY = /^[a-z][a-z_]*$/;

/** Where a value is, for messages (`name`), and whether all keys in it belong to people and agents (`free`). */
export interface Spot {
  name: string;
  free: boolean;
}

export class Texts {
  /** Number of occurrences replaced so far. */
  replaced = 0;
  private readonly forms: readonly string[];
  /** Old keys by the key that they became, to refuse two keys that would become one. */
  private readonly keys = new Map<string, string>();

  constructor(texts: readonly string[]) {
    this.forms = [...new Set(texts.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  }

  /** True if there is any text to look for. */
  get any(): boolean {
    return this.forms.length > 0;
  }

  string(text: string): string {
    let left = text;
    for (const form of this.forms) {
      if (!left.includes(form)) continue;
      const parts = left.split(form);
      this.replaced += parts.length - 1;
      left = parts.join(REDACTED);
    }
    return left;
  }

  /**
   * A key or a token of a pointer with the texts taken out. Throws FailureError `invalid-input` if the key may be
   * Baton's own, or if another key became the same.
   */
  key(key: string, { name, free }: Spot): string {
    const after = this.string(key);
    if (after !== key && !free && OWN_KEY.test(key))
      refuse(`is part of the key ${key} (${name}), which Baton itself may read there: give a longer text`);
    if (!after.includes(REDACTED)) return after;
    const before = this.keys.get(after) ?? key;
    if (before !== key) refuse(`stands in two keys that would become one (${name})`);
    this.keys.set(after, key);
    return after;
  }

  /**
   * A copy of the value with the texts taken out. Throws FailureError `invalid-input` for a number that contains a
   * text, and like `key`.
   */
  value(value: Json, spot: Spot): Json {
    if (typeof value === 'string') return this.string(value);
    if (typeof value === 'number' && this.in(String(value)))
      refuse(`stands in a number (${spot.name}), where text cannot: take that place out with --path`);
    if (Array.isArray(value)) return value.map((item) => this.value(item, spot));
    if (!isObject(value)) return value;
    const copy: JsonObject = {};
    for (const [key, item] of Object.entries(value)) copy[this.key(key, spot)] = this.value(item, spot);
    return copy;
  }

  in(text: string): boolean {
    return this.forms.some((form) => text.includes(form));
  }

  inBytes(bytes: Buffer): boolean {
    return this.forms.some((form) => bytes.includes(form));
  }

  /** Takes the texts out of bytes that are no JSON. */
  bytes(bytes: Buffer): Buffer {
    // Decode as latin1, which keeps every byte: the rest need not be UTF-8.
    let left = bytes.toString('latin1');
    for (const form of this.forms) {
      const parts = left.split(Buffer.from(form).toString('latin1'));
      this.replaced += parts.length - 1;
      left = parts.join(REDACTED);
    }
    return Buffer.from(left, 'latin1');
  }
}

/**
 * The forms of a text: as it is, escaped as in a JSON string once, twice and three times, and with non-ASCII characters
 * as \uXXXX once and twice.
 */
function formsOf(text: string): string[] {
  const inner = (one: string): string => JSON.stringify(one).slice(1, -1);
  const once = inner(text);
  const ascii = once.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [text, once, inner(once), ascii, inner(ascii), inner(inner(once))];
}

function refuse(why: string): never {
  throw new FailureError({ code: 'invalid-input', issues: [{ at: '--text', why: `it ${why}` }] });
}
