// The command line says in whose session a call acts. A person's call has no session of its own: where several are open
// in the workspace it must name one, since guessing would put a value, a message or a lock into the wrong one. Stands
// round every tool; over MCP it does nothing.

import type { Services } from '../../app/services.ts';
import type { Call, Tool } from '../define.ts';
import type { Around } from './around.ts';

/** Tools without the argument `session` that act as a session. */
const AS_SESSION = ['message_send', 'message_read', 'lock_acquire', 'lock_release', 'decision_open'];
/** Tools with it that a claim or a run leads to the right place, or that say the session themselves. */
const NOT_GUESSING = ['run_control', 'run_report', 'session_recover'];
const NAMED = 6;

/** The sessions that calls named. */
const named = new WeakMap<Call<Services>, string>();

export const whoseSession: Around = {
  before(tool, { given: input }, call) {
    const { documents, sessions, role } = call.services;
    if (role !== 'cli' || !actsInSession(tool, input)) return undefined;
    const session = memberOf(input, 'session');
    if (typeof session === 'string' && session !== '') named.set(call, session);
    if (named.has(call) || !sessions.isGuessing()) return undefined;
    const open = documents.peek((view) => sessions.openHere(view));
    if (open.length < 2) return undefined;
    const some = open.slice(0, NAMED).join(', ');
    const why = `${open.length} sessions are open here: name one with --session, such as ${some}`;
    return { code: 'invalid-input', issues: [{ at: 'session', why }] };
  },
  after(tool, answer, call) {
    const { documents, sessions, role } = call.services;
    if (role !== 'cli' || 'session' in answer || !actsInSession(tool)) return answer;
    const session = named.get(call) ?? documents.peek((view) => sessions.find(view));
    if (session === undefined) return answer;
    const said = 'note' in answer && typeof answer.note === 'string' ? `${answer.note}; ` : '';
    return { ...answer, note: `${said}in session ${session}` };
  },
};

function actsInSession({ name, input: { shape } }: Tool<Services>, input?: unknown): boolean {
  if (NOT_GUESSING.includes(name)) return false;
  const joins = name === 'sprint_save' && memberOf(input, 'join') !== undefined;
  return 'session' in shape || AS_SESSION.includes(name) || joins;
}

function memberOf(input: unknown, key: string): unknown {
  return typeof input === 'object' && input !== null && Object.hasOwn(input, key) ? Reflect.get(input, key) : undefined;
}
