// Aliases: client session ids, each bound to a session of the store. Looked up at every call; bound anew when a client
// clears its conversation or a session is recovered. Pure. Used by commands.ts, app/session-binding.ts and
// cli/verbs/hook.ts.

import { hash } from 'node:crypto';
import { ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { checkSchema } from '../schemas.ts';
import { openSession } from './document.ts';

export interface AliasDocument {
  schema: 1;
  client_session: string;
  session: string;
}

/** The stream of the alias of a client's session id. */
export function aliasStream(clientSession: string): string {
  return `alias/${hash('sha256', clientSession).slice(0, 32)}`;
}

/** Binds a client's session id to a session; does nothing without an id. */
export function bindAlias(tx: Transaction, clientSession: string | undefined, session: string): Result<void> {
  if (clientSession === undefined) return ok(undefined);
  const stream = aliasStream(clientSession);
  const alias = tx.read<AliasDocument>(stream);
  if (alias === undefined) {
    tx.create(stream, { type: 'alias.bound' }, { schema: 1, client_session: clientSession, session });
    return ok(undefined);
  }
  const known = checkSchema(stream, alias, "The client's session id");
  if (!known.ok) return known;
  if (alias.session !== session) {
    tx.edit<AliasDocument>(stream, { type: 'alias.bound' }, (draft) => {
      draft.session = session;
    });
  }
  return ok(undefined);
}

/** Binds a client's session id to an open session. */
export function bindSession(
  tx: Transaction,
  ctx: Context,
  session: string,
  clientSession: string | undefined,
): Result<string> {
  const found = openSession(tx, session, ctx);
  if (!found.ok) return found;
  const bound = bindAlias(tx, clientSession, session);
  return bound.ok ? ok(session) : bound;
}
