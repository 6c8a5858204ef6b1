// Prints patches as short text for people: `+ /a/b 1`, `= /status "done"`, `- /x`, `+ (all) {…}`. Used by log-text.ts
// and check-documents.ts.

import { visible } from '../../base/display.ts';
import type { PatchOp } from '../../json/patch.ts';

const SIGNS = { add: '+', replace: '=', remove: '-' } as const;

/** One operation on one line, its value cut to `limit` characters. Control characters are escaped. */
export function operationText(op: PatchOp, limit = 60): string {
  const place = visible(cut(op.path === '' ? '(all)' : op.path, 2 * limit));
  const sign = SIGNS[op.op];
  return op.op === 'remove' ? `${sign} ${place}` : `${sign} ${place} ${visible(cut(JSON.stringify(op.value), limit))}`;
}

/** The first `shown` operations of a patch, and the number of further ones. */
export function patchText(patch: readonly PatchOp[], shown = 2, limit = 60): string {
  const parts = patch.slice(0, shown).map((op) => operationText(op, limit));
  if (patch.length > shown) parts.push(`and ${patch.length - shown} more`);
  return parts.join(', ');
}

function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
