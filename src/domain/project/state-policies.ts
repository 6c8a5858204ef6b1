// Judges the places that a command writes in a session's state, one by one, so that a policy on a path holds for a
// batch, a merge, a query and a restore as for the path that is named. Pure; called by tools/shared/state-rules.ts.

import { type Failure, fail } from '../../failure/failure.ts';
import { isObject, type Json, type JsonObject } from '../../json/json.ts';
import type { PatchOp } from '../../json/patch.ts';
import { getAt, parsePointer } from '../../json/pointer.ts';
import { type PathToken, printPath } from '../../path/scan.ts';
import type { Decide } from '../command.ts';
import { sessionStream } from '../session/document.ts';
import { WatchedTransaction } from './watched.ts';

/** Why a place, a path in full form, must not be written; undefined if it may. */
export type JudgePlace = (place: string) => Failure | undefined;

/** Wraps a command: it fails as `judge` says of the first place that it writes, or takes away, and must not. */
export function underPolicies<A>(session: string, judge: JudgePlace, command: Decide<A>): Decide<A> {
  return (tx, ctx) => {
    let refused: Failure | undefined;
    const see = (ops: readonly PatchOp[], before: Readonly<JsonObject>): void => {
      for (const op of ops) refused ??= judgeOp(op, before, judge);
    };
    const result = command(new WatchedTransaction(tx, sessionStream(session), see), ctx);
    return result.ok && refused !== undefined ? fail(refused) : result;
  };
}

function judgeOp(op: PatchOp, before: Readonly<JsonObject>, judge: JudgePlace): Failure | undefined {
  const place: PathToken[] = [];
  let parent: Json | undefined = before as JsonObject;
  for (const token of parsePointer(op.path)) {
    place.push(Array.isArray(parent) && /^\d+$/.test(token) ? Number(token) : token);
    parent = getAt(parent ?? null, [token]);
  }
  const written = op.op === 'remove' ? undefined : op.value;
  return judgeTree(place, parent, judge) ?? judgeTree(place, written, judge);
}

/** Judges a place and every place below it. */
function judgeTree(at: PathToken[], value: Json | undefined, judge: JudgePlace): Failure | undefined {
  const open: { place: PathToken[]; value: Json | undefined }[] = [{ place: at, value }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { place, value: inside } = next;
    const failure = judge(printPath(place));
    if (failure !== undefined) return failure;
    if (Array.isArray(inside))
      for (const [index, item] of inside.entries()) open.push({ place: [...place, index], value: item });
    else if (isObject(inside))
      for (const [key, item] of Object.entries(inside)) open.push({ place: [...place, key], value: item });
  }
  return undefined;
}
