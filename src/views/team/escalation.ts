// Whom an escalation goes to: up the chain of reports_to. Computed from the registry when the message is sent.

import type { View } from '../../documents/documents.ts';
import type { Caller } from '../../domain/team/channel.ts';
import { chainAbove, registryStream } from '../../domain/team/registry.ts';
import { everybodyIn } from '../../domain/team/team.ts';
import { fail, ok, type Result } from '../../failure.ts';
import { factsOf } from '../sessions.ts';
import { type Moment, teams } from './people.ts';

/** Recipients' names, the nearest first; all of them with `everyone`, else the first. */
export function superiorsOf(view: View, caller: Caller, moment: Moment, everyone: boolean): Result<string[]> {
  const { project } = moment;
  for (const name of namesOf(view, caller)) {
    if (view.version(registryStream(project, 'agent', name)) === 0) continue;
    const read = { read: <T extends object>(stream: string) => view.get<T>(stream) };
    const chain = chainAbove(read, project, name).map((one) => `agent:${one}`);
    if (chain.length > 0) return ok(everyone ? chain : chain.slice(0, 1));
  }
  const names = new Set([caller.session, ...namesOf(view, caller)]);
  for (const team of teams(view, project).values()) {
    const { orchestrator } = team;
    const mine = [...everybodyIn(team)].some((one) => names.has(one));
    if (mine && orchestrator !== undefined && !names.has(orchestrator)) return ok([orchestrator]);
  }
  const why = 'you report to nobody: name a recipient, or register whom you report to (registry_save, reports_to)';
  return fail({ code: 'invalid-input', issues: [{ at: 'to', why }] });
}

function namesOf(view: View, { session, agent }: Caller): string[] {
  return agent === undefined ? Object.keys(factsOf(view, session)?.agents ?? {}) : [agent];
}
