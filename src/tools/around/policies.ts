// The policies of the project, asked before every call of a tool, over MCP and on the command line: they stand round
// every tool. A project without policies pays a look at the log's length and one at its document.

import type { Services } from '../../app/services.ts';
import { policiesOf } from '../../domain/project/approval.ts';
import { type ProjectDocument, projectStream } from '../../domain/project/document.ts';
import { policyFor } from '../../domain/project/policy.ts';
import type { Failure } from '../../failure/failure.ts';
import { callFacts, mayAlways, refusalBy } from '../shared/policy.ts';
import type { Around } from './around.ts';

/** Tools that start a session themselves, or must not start one. */
const WITHOUT_SESSION = ['session_start', 'hook_event'];

export const policies: Around = {
  before(tool, input, { services }) {
    const { documents, workspace } = services;
    // A policy is in force at the next call in every process, so the documents must not be a moment old.
    const refreshed = documents.refresh();
    const ask = (): Failure | undefined | Promise<Failure | undefined> => {
      const stream = projectStream(workspace.project);
      const none = documents.peek((view) => policiesOf(view.get<ProjectDocument>(stream)).length === 0);
      if (none) return undefined;
      const also = tool.also(input);
      return askPolicies(services, [{ tool: tool.name, input: input.given }, ...(also === undefined ? [] : [also])]);
    };
    return refreshed instanceof Promise ? refreshed.then(ask) : ask();
  },
};

async function askPolicies(
  services: Services,
  calls: readonly { tool: string; input: unknown }[],
): Promise<Failure | undefined> {
  // Policies may look at the session's mode, and at who works in it.
  if (!calls.every(({ tool }) => WITHOUT_SESSION.includes(tool))) await services.sessions.ensure();
  const { documents, sessions, workspace } = services;
  for (const { tool, input } of calls) {
    if (mayAlways(services, tool)) continue;
    // A refusal is an answer: read durably.
    const refused = await documents.read((view): Failure | undefined => {
      const found = policiesOf(view.get<ProjectDocument>(projectStream(workspace.project)));
      const session = sessions.find(view);
      const call = callFacts(view, services, tool, input);
      return refusalBy(view, { policies: found, policy: policyFor(found, call), call, session });
    });
    if (refused !== undefined) return refused;
  }
  return undefined;
}
