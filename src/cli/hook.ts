// The verb `hook`: a client runs it at an event of its own and hands it the event as JSON on stdin (docs/hooks.md). It finds
// the session, makes at most one commit and ends; stdout stays empty, and whatever happens, the client's turn goes on. It
// makes neither a store nor a session, writes no caches, and loads no schemas, protocol or logging.

import type { Config } from '../config.ts';
import { visible } from '../display.ts';
import type { Documents, View } from '../documents/documents.ts';
import { aliasStream } from '../domain/session-alias.ts';
import { FailureError } from '../failure.ts';
import { eventOf, HOOK_EVENTS, isHookEvent } from '../hooks/payload.ts';
import { report } from '../hooks/report.ts';
import { openOffline } from '../upkeep/open.ts';
import { hasStore, jsonAtOnce, textIn } from './from-client.ts';

/** As large as any message to a server: what a subagent said last is part of the JSON. */
const STDIN = { ms: 2_000, chars: 8 * 1024 * 1024 };
/** A client waits for its hooks. */
const PATIENCE_MS = 5_000;

/** Resolves with 0: a client takes other codes for trouble of its own, and 2 for an order to stop. */
export async function run(args: string[], config: Config): Promise<number> {
  const why = args.length > 0 ? 'takes no arguments; the event comes as JSON on stdin' : await reported(config);
  if (why !== undefined) process.stderr.write(`baton hook: ${why}\n`);
  return 0;
}

/** Why nothing was reported; undefined if it was. */
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
    return await toSession(config, textIn(given.session_id) ?? config.clientSession, event);
  } catch (error) {
    if (error instanceof FailureError) return `${error.failure.code}, see baton doctor`;
    return `a fault: ${visible(error instanceof Error ? error.message : String(error))}`;
  }
}

async function toSession(
  config: Config,
  clientSession: string | undefined,
  event: ReturnType<typeof eventOf>,
): Promise<string | undefined> {
  const { stateDir: dir, durability, forceNetworkFs, user } = config;
  const documents = openOffline({ dir, durability, forceNetworkFs });
  try {
    const { stopped } = documents.store.info();
    if (stopped !== undefined) return `${stopped.code}, see baton doctor`;
    const found = documents.peek((view) => findSession(view, documents, config, clientSession));
    if (found === undefined) return 'this window has no session; nothing done';
    const { session, alias } = found;
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
 * The session named by Baton's own variable, else the one that the client's id is tied to. When a client clears its
 * conversation it takes a new id and keeps its servers, who know the old one: then it is the session that a server below the
 * client's process serves, and the new id is to be tied to it.
 */
function findSession(
  view: View,
  { presence }: Documents,
  { session, clientPid }: Config,
  clientSession: string | undefined,
): { session: string; alias?: string } | undefined {
  if (session !== undefined) return { session };
  if (clientSession === undefined) return undefined;
  const known = view.get<{ session: string }>(aliasStream(clientSession))?.session;
  if (known !== undefined) return { session: known };
  const [served, ...others] = clientPid === undefined ? [] : presence.servedBelow(clientPid);
  return served === undefined || others.length > 0 ? undefined : { session: served, alias: clientSession };
}
