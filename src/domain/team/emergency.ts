// Tells everybody in the project that a session is in emergency mode, in the commit that begins it. Pure; called by
// session/commands.ts when a session starts in that mode or changes to it.

import type { Context, Transaction } from '../command.ts';
import { MODE_SPAN_MS, type SessionFacts } from '../session/document.ts';
import { sendMessage } from './send.ts';

/** Sends the alert to all of the project; it lapses when an emergency that nobody serves ends. */
export function tellEmergency(tx: Transaction, ctx: Context, { id, name, project }: SessionFacts): void {
  const expiresMs = MODE_SPAN_MS.emergency;
  const until = new Date(ctx.now + expiresMs).toISOString();
  const called = name === undefined ? '' : `: ${name}`;
  const text =
    `Emergency${called}\nSession ${id} works on it. It ends by itself at ${until}, or later if it is ` +
    `still seen then.`;
  const to = [{ kind: 'all' as const, project }];
  const sent = sendMessage(tx, ctx, { from: { session: id }, to, text, kind: 'alert', priority: 1, expiresMs });
  if (!sent.ok) throw new Error(`an emergency cannot be told: ${sent.failure.code}`);
}
