// Imports another program's memory into a session, and its messages into a channel. Values that exist already are not
// touched. Pure; cli/verbs/import.ts calls it.

import { ok, type Result } from '../../failure/failure.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import { deepEqual } from '../../json/merge.ts';
import type { Context, Transaction } from '../command.ts';
import { sessionStream } from '../session/document.ts';
import { changeState } from '../state/commands.ts';
import { sendMessage } from '../team/send.ts';
import { type ImportDocument, type ImportSource, importStream, remember } from './tasks.ts';

export interface ImportStateAnswer {
  taken: string[];
  /** Keys that the session has with the same value. */
  same: string[];
  /** Keys that the session has with another value, which is left as it is. */
  other: string[];
}

/** Sets each key that the session does not have. Contract: the session is open. */
export function importState(
  tx: Transaction,
  ctx: Context,
  session: string,
  values: Readonly<Record<string, Json>>,
): Result<ImportStateAnswer> {
  const answer: ImportStateAnswer = { taken: [], same: [], other: [] };
  const doc: Readonly<JsonObject> = tx.read<JsonObject>(sessionStream(session)) ?? {};
  for (const [key, value] of Object.entries(values)) {
    if (Object.hasOwn(doc, key)) {
      answer[deepEqual(doc[key], value) ? 'same' : 'other'].push(key);
      continue;
    }
    const set = changeState(tx, ctx, session, { op: 'set', path: `$[${JSON.stringify(key)}]`, value });
    if (!set.ok) return set;
    answer.taken.push(key);
  }
  return ok(answer);
}

export interface ImportedMessage {
  key: string;
  text: string;
}

/** Sends the messages that were not imported before to the channel `imported`. Answers the keys of those sent now. */
export function importMessages(
  tx: Transaction,
  ctx: Context,
  source: ImportSource,
  session: string,
  messages: readonly ImportedMessage[],
): Result<string[]> {
  const known = tx.read<ImportDocument>(importStream(source))?.ids ?? {};
  const made: Record<string, string> = {};
  for (const { key, text } of messages) {
    if (Object.hasOwn(known, key)) continue;
    const sent = sendMessage(tx, ctx, {
      from: { session },
      to: [{ kind: 'channel', project: source.project, name: 'imported' }],
      text,
      kind: 'report',
      priority: 3,
    });
    if (!sent.ok) return sent;
    made[key] = sent.value.message;
  }
  if (Object.keys(made).length > 0) remember(tx, source, made);
  return ok(Object.keys(made));
}
