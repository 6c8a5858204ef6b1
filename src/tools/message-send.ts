// message_send: sends one message to a session, an agent, a team, a channel or everybody, by one write.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { type Caller, MESSAGE_KINDS, parseMessageId } from '../domain/team/channel.ts';
import { notFound } from '../domain/team/not-found.ts';
import { type Moves, moveCursors } from '../domain/team/reader.ts';
import { type SendAnswer, sendMessage } from '../domain/team/send.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import { type Recipient, resolveRecipient } from '../views/team/addresses.ts';
import { superiorsOf } from '../views/team/escalation.ts';
import { findMessage } from '../views/team/mail-search.ts';
import { type Call, defineTool } from './define.ts';
import { callerOf, changeAs, claimInput, viewScopeOf } from './shared/caller.ts';
import { withSeq } from './shared/change.ts';
import { requestInput, seqOutput } from './shared/inputs.ts';
import { urgencyOf } from './shared/urgency.ts';

const input = z.strictObject({
  to: z.string().min(1).max(128).optional().describe('Session, agent, "team:x", "channel:x" or "all"'),
  text: z.string().min(1).max(8_000),
  kind: z.enum(MESSAGE_KINDS).default('report'),
  priority: z.number().int().min(1).max(5).optional().describe('1 first; default 3, in an emergency 1'),
  thread: z.string().max(80).optional(),
  expires_s: z.number().int().min(1).max(31_536_000).optional(),
  claim: claimInput,
  request_id: requestInput,
});
type Input = z.output<typeof input>;

const USUAL_PRIORITY = 3;

export const messageSend = defineTool({
  name: 'message_send',
  title: 'Send a message',
  toolset: 'team',
  description:
    'Use to tell or ask others of this project; they are told at their next call. An escalation goes to whom you ' +
    'report to, with priority 1 to everyone above. Answers {message, state: "queued", recipients, to, seq}; ' +
    'message_read {thread} shows how far it got and what was answered.',
  searchHint: 'message mail tell ask notify broadcast escalate team agent',
  annotations: { readOnly: false, destructive: false, idempotent: false },
  answers: { narrow: 'text' },
  positional: ['to', 'text'],
  input,
  output: z.object({
    message: z.string(),
    messages: z.array(z.string()).optional().describe('One for each, where several were addressed'),
    state: z.string().describe('queued: nobody has read it yet'),
    recipients: z.number().int().describe('Who reads there now'),
    to: z.array(z.string()),
    seq: seqOutput,
  }),
  async run(given, call: Call<Services>) {
    const caller = await callerOf(call, given.claim);
    if (!caller.ok) return caller;
    const priority = given.priority ?? urgencyOf(call) ?? USUAL_PRIORITY;
    const found = await lookUp({ ...given, priority }, caller.value, call);
    if (!found.ok) return found;
    const { recipients, thread, answersAt, answered } = found.value;
    const { text, kind, expires_s: expires } = given;
    const message = {
      from: caller.value,
      to: recipients.map(({ address }) => address),
      text,
      kind,
      priority,
      thread,
      answersAt,
      expiresMs: expires === undefined ? undefined : expires * 1_000,
    };
    const sent = await changeAs<SendAnswer>(call, 'message_send', caller.value, given, (tx, ctx) => {
      if (answered !== undefined) moveCursors(tx, ctx, answered);
      return sendMessage(tx, ctx, message);
    });
    if (!sent.ok) return sent;
    const { value } = sent.value;
    const readers = recipients.reduce((sum, one) => sum + one.recipients, 0);
    return withSeq(sent.value, {
      message: value.message,
      ...(value.messages.length > 1 ? { messages: value.messages } : {}),
      state: 'queued',
      recipients: readers,
      to: recipients.map(({ address }) => (address.kind === 'all' ? 'all' : `${address.kind}:${address.name}`)),
      ...(readers === 0 ? { note: nobodyThere(recipients) } : {}),
    });
  },
});

interface LookedUp {
  recipients: Recipient[];
  thread?: string;
  answersAt?: string;
  /** Moves that acknowledge the answered message. */
  answered?: Moves;
}

function nobodyThere(recipients: readonly Recipient[]): string {
  const instead = recipients.find((one) => one.instead !== undefined)?.instead;
  const waits = 'nobody reads there now; the message waits';
  return instead === undefined ? waits : `${waits}. ${instead} stands in`;
}

/** Resolves the names of a call: documents are read outside of the command, which does not rest on them. */
async function lookUp(given: Input, caller: Caller, call: Call<Services>): Promise<Result<LookedUp>> {
  const scope = viewScopeOf(call);
  return await call.services.documents.read((view) => {
    const { to, kind, priority } = given;
    if (to === undefined && kind !== 'escalation') {
      return fail({ code: 'invalid-input', issues: [{ at: 'to', why: 'required (only an escalation goes without)' }] });
    }
    const names = to === undefined ? superiorsOf(view, caller, scope, priority === 1) : ok([to]);
    if (!names.ok) return names;
    const recipients: Recipient[] = [];
    for (const name of names.value) {
      const found = resolveRecipient(view, name, caller.session, scope);
      if (!found.ok) return found;
      recipients.push(found.value);
    }
    if (given.thread === undefined) return ok({ recipients });
    const place = parseMessageId(given.thread);
    const first = place === undefined ? undefined : findMessage(view, caller, place, scope.project);
    if (first === undefined) return notFound('message', given.thread, [], 'message_read to see your messages');
    const { message, box } = first;
    const found = { recipients, thread: message.thread ?? given.thread, answersAt: message.at };
    // An answer acknowledges its message.
    const mine = box === undefined || place === undefined || message.from === caller.session;
    return ok(mine ? found : { ...found, answered: { [box.reader]: { [place.channel]: { acked: [place.n] } } } });
  });
}
