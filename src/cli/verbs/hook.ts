// The verb `hook`: a client runs it at one of its events, with the event as JSON on stdin (docs/hooks.md). It finds the
// session, makes at most one commit and ends. Stdout stays empty and the exit code is 0, so that the client always goes
// on. It makes neither a store nor a session, writes no caches, and loads no schemas, protocol or logging, to be fast.

import { openOffline } from '../../admin/file/open.ts';
import { visible } from '../../base/display.ts';
import type { Config } from '../../config/config.ts';
import { MAX_MESSAGE_BYTES } from '../../config/limits.ts';
import type { Documents, View } from '../../documents/documents.ts';
import { type AliasDocument, aliasStream } from '../../domain/session/alias.ts';
import { FailureError } from '../../failure/failure.ts';
import { eventOf, HOOK_EVENTS, isHookEvent } from '../../hooks/payload.ts';
import { report } from '../../hooks/report.ts';
import { hasStore, jsonAtOnce, textIn } from '../from-client.ts';

/** As large as any message to a server: what a subagent said last is part of the JSON. */
const STDIN = { ms: 2_000, chars: MAX_MESSAGE_BYTES };
/** A client waits for its hooks. */
const PATIENCE_MS = 5_000;

/** Resolves to 0 always: a client takes other codes for errors of the hook, and 2 as an order to stop. */
export async function run(args: string[], config: Config): Promise<number> {
  const why = args.length > 0 ? 'takes no arguments; the event comes as JSON on stdin' : await reported(config);
  if (why !== undefined) process.stderr.write(`baton hook: ${why}\n`);
  return 0;
}

/** Reports the event on stdin. Resolves to the reason if nothing was recorded, else to undefined. */
async function reported(config: Config): Promise<string | undefined> {
  try {
    const given = jsonAtOnce(STDIN);
    const name = given.hook_event_name;
    if (typeof name !== 'string') return 'found no JSON of an event on stdin; nothing done';
    if (!isHookEvent(name)) return `${visible(name.slice(0, 40))} is none of ${HOOK_EVENTS.join(', ')}; nothing done`;
    if (config.readOnly) return 'read-only by its settings; nothing done';
    if (!hasStore(config.stateDir)) return 'there is no store; nothing done';
    const event = eventOf({
      hook_event_name: name,
      agent_id: textIn(given.agent_id),
      agent_type: textIn(given.agent_type),
      teammate_name: textIn(given.teammate_name),
    });
    const cleared = name === 'SessionStart' && given.source === 'clear';
    return await toSession(config, { id: textIn(given.session_id) ?? config.clientSession, cleared }, event);
  } catch (error) {
    if (error instanceof FailureError) return `${error.failure.code}, see baton doctor`;
    return `a fault: ${visible(error instanceof Error ? error.message : String(error))}`;
  }
}

/** The client's conversation: its id, and whether the id is new because the conversation was cleared. */
interface Conversation {
  id: string | undefined;
  cleared: boolean;
}

async function toSession(
  config: Config,
  conversation: Conversation,
  event: ReturnType<typeof eventOf>,
): Promise<string | undefined> {
  const { stateDir: dir, durability, forceNetworkFs, user } = config;
  const documents = openOffline({ dir, durability, forceNetworkFs });
  try {
    const { stopped } = documents.store.info();
    if (stopped !== undefined) return `${stopped.code}, see baton doctor`;
    const session = documents.peek((view) => findSession(view, documents, config, conversation));
    if (session === undefined) return 'this window has no session; nothing done';
    const alias = conversation.cleared && config.session === undefined ? conversation.id : undefined;
    const by = { user, session, tool: 'hook' };
    const deadlineAt = performance.now() + PATIENCE_MS;
    const done = await report(documents, { session, alias, event, grade: 'hook', by, deadlineAt });
    if (!done.ok) return `${done.failure.code}, see baton doctor`;
    return done.value ? undefined : `${session} is not open; nothing done`;
  } finally {
    await documents.close();
  }
}

/**
 * The id of the event's session: BATON_SESSION, else the session that the client's id is an alias of. There are two
 * exceptions. A client that clears its conversation takes a new id but keeps its servers, which know the old one; and
 * servers may serve another session than the alias names. In both cases it is the session that the servers below the
 * client's process serve, if it is exactly one. For any other unknown id the result is undefined: a server below the
 * process may belong to another client that it runs.
 */
function findSession(
  view: View,
  { presence }: Documents,
  { session, clientPid }: Config,
  { id, cleared }: Conversation,
): string | undefined {
  if (session !== undefined || id === undefined) return session;
  const known = view.get<AliasDocument>(aliasStream(id))?.session;
  if (known === undefined ? !cleared : presence.attached(known)) return known;
  const below = clientPid === undefined ? [] : presence.servedBelow(clientPid);
  // Windows and admissions are announced beside sessions.
  const [served, ...others] = below.filter((one) => view.version(`session/${one}`) > 0);
  return served === undefined || others.length > 0 ? known : served;
}
