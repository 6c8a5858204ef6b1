// Finds the recipients of an escalation along the chain of `reports_to`, else the orchestrator of a team. Used by
// tools/message-send.ts when the message is sent.

import type { View } from '../../documents/documents.ts';
import type { Caller } from '../../domain/team/channel.ts';
import { chainAbove, registryStream } from '../../domain/team/registry.ts';
import { everybodyIn } from '../../domain/team/team.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import { factsOf } from '../session/sessions.ts';
import { liveAgents, teams, type ViewScope } from './people.ts';
import { standInFor } from './registry.ts';

/**
 * The names of recipients: with `everyone` all superiors, the nearest first, else the nearest one that is present.
 * Fails with `invalid-input` if the caller reports to nobody.
 */
export function superiorsOf(view: View, caller: Caller, viewScope: ViewScope, everyone: boolean): Result<string[]> {
  const { project } = viewScope;
  for (const name of namesOf(view, caller)) {
    if (view.version(registryStream(project, 'agent', name)) === 0) continue;
    const read = { read: <T extends object>(stream: string) => view.get<T>(stream) };
    const chain = chainAbove(read, project, name);
    const asked = everyone ? chain : chain.length === 0 ? [] : [whoIsThere(view, viewScope, chain)];
    if (asked.length > 0) return ok(asked.map((one) => `agent:${one}`));
  }
  const names = new Set([caller.session, ...namesOf(view, caller)]);
  for (const team of teams(view, project).values()) {
    const { orchestrator } = team;
    const mine = [...everybodyIn(team)].some((one) => names.has(one));
    if (mine && orchestrator !== undefined && !names.has(orchestrator)) return ok([orchestrator]);
  }
  return fail({ code: 'invalid-input', issues: [{ at: 'to', why: noSuperior(namesOf(view, caller)[0]) }] });
}

/**
 * The advice for a caller without a superior. An unnamed agent must first name itself, since no entry is known as its.
 */
function noSuperior(name: string | undefined): string {
  const id = name === undefined ? '…' : `"${name}"`;
  const first = name === undefined ? 'session_update {agent: {name: …}} to say which agent you are, then ' : '';
  return (
    `you report to nobody: name a recipient, or call ${first}registry_save {kind: "agent", id: ${id}, ` +
    `reports_to: …}`
  );
}

/** The nearest superior that is present, or whose stand-in is; the nearest of all if nobody is present. */
function whoIsThere(view: View, viewScope: ViewScope, chain: readonly string[]): string {
  const live = new Set(liveAgents(view, viewScope).map(({ name }) => name));
  for (const superior of chain) {
    if (live.has(superior)) return superior;
    const instead = standInFor(view, viewScope.project, superior, (name) => live.has(name));
    if (instead !== undefined && live.has(instead)) return instead;
  }
  return chain[0] ?? '';
}

function namesOf(view: View, { session, agent }: Caller): string[] {
  return agent === undefined ? Object.keys(factsOf(view, session)?.agents ?? {}) : [agent];
}
