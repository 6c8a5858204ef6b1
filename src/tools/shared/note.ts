// Lines for an answer's `note`. Used by what stands round the tools, and by tools that store values.

import type { Json } from '../../json/json.ts';
import { parseJson } from '../../json/limits.ts';

/** The answer with a line more, after what its note says already. */
export function withNote<A extends object>(answer: A, note: string | undefined): A & { note?: string } {
  if (note === undefined) return answer;
  const said = 'note' in answer && typeof answer.note === 'string' ? `${answer.note}; ` : '';
  return { ...answer, note: `${said}${note}` };
}

/**
 * The line for values that were stored as text though they look like the JSON of an object or list; undefined without
 * such. A text stays a text: whether it is meant as one, only its sender knows.
 */
export function storedAsText(values: readonly (Json | undefined)[]): string | undefined {
  if (!values.some(looksLikeJson)) return undefined;
  return 'a text that is JSON was stored as text; pass the value itself if it is meant as an object or list';
}

function looksLikeJson(value: Json | undefined): boolean {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return false;
  try {
    return typeof parseJson(value) === 'object';
  } catch {
    return false;
  }
}
