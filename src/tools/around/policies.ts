// The policies of the project, asked before every call of a tool, over MCP and on the command line: they stand round
// every tool. A project without policies pays a look at the log's length and one at its document.

import type { Services } from '../../app/services.ts';
import type { View } from '../../documents/documents.ts';
import { ALLOW, policiesOf, standingOf } from '../../domain/project/approval.ts';
import { type ProjectDocument, projectStream } from '../../domain/project/document.ts';
import { type CallFacts, type Policy, policyFor, policyLabel } from '../../domain/project/policy.ts';
import type { SessionFacts } from '../../domain/session/document.ts';
import type { DecisionDocument } from '../../domain/team/decision.ts';
import { type RegistryEntry, registryStream } from '../../domain/team/registry.ts';
import type { Failure } from '../../failure/failure.ts';
import { factsOf } from '../../views/session/sessions.ts';
import { agentOfClaim } from '../../views/team/people.ts';
import type { Around } from './around.ts';

/** Tools that the command line may always call, so that a person can correct any policy. */
const REPAIRS = ['project_get', 'project_save'];
/** Tools that start a session themselves, or must not start one. */
const WITHOUT_SESSION = ['session_start', 'hook_event'];
/** Tools that an approval needs: a policy with `ask` does not stop them, one with `deny` does. */
const ASKING = ['decision_open', 'decision_vote', 'message_read', 'project_get'];

export const policies: Around = {
  before({ name }, input, { services }) {
    const { documents, workspace } = services;
    // A policy is in force at the next call in every process, so the documents must not be a moment old.
    const refreshed = documents.refresh();
    const ask = (): Failure | undefined | Promise<Failure | undefined> => {
      const stream = projectStream(workspace.project);
      const none = documents.peek((view) => policiesOf(view.get<ProjectDocument>(stream)).length === 0);
      return none ? undefined : askPolicies(services, name, input);
    };
    return refreshed instanceof Promise ? refreshed.then(ask) : ask();
  },
};

async function askPolicies(services: Services, tool: string, input: unknown): Promise<Failure | undefined> {
  // Policies may look at the session's mode, and at who works in it.
  if (!WITHOUT_SESSION.includes(tool)) await services.sessions.ensure();
  return await refusal(services, tool, input);
}

/** Why the policies stop a call; undefined if they allow it. */
async function refusal(services: Services, tool: string, input: unknown): Promise<Failure | undefined> {
  const { documents, sessions, workspace } = services;
  if (services.role === 'cli' && REPAIRS.includes(tool)) return undefined;
  // A refusal is an answer: read durably.
  return await documents.read((view): Failure | undefined => {
    const found = policiesOf(view.get<ProjectDocument>(projectStream(workspace.project)));
    const session = sessions.find(view);
    const policy = policyFor(found, factsOfCall(view, workspace.project, session, tool, input));
    if (policy === undefined || policy.decision === 'allow') return undefined;
    const what = `Calling ${tool}`;
    const label = policyLabel(found, policy);
    const reason = policy.reason === undefined ? '' : `: ${policy.reason}`;
    if (policy.decision === 'deny') {
      const how = 'project_get shows the policies; a person changes them with `baton project save` on the command line';
      return { code: 'not-allowed', what, why: `${label} denies it${reason}`, how };
    }
    const standing = ASKING.includes(tool) ? 'given' : approvalOf(view, policy, session);
    if (standing === 'given') return undefined;
    const how =
      `decision_open {kind: "approval", policy: "${policy.name}", options: ["${ALLOW}", "refuse"], ` +
      `title: …}; when it has passed with a vote of another session, or of a person (\`baton decision vote\`), call ` +
      `again within the hour`;
    return { code: 'not-allowed', what, why: `${label} wants it approved${reason}${standing}`, how };
  });
}

function factsOfCall(
  view: View,
  project: string,
  session: string | undefined,
  tool: string,
  input: unknown,
): CallFacts {
  const facts = session === undefined ? undefined : factsOf(view, session);
  const agent = agentOf(view, session, input);
  const entry = view.get<RegistryEntry>(registryStream(project, 'agent', agent));
  const tier = entry?.tier ?? tierIn(facts, agent) ?? 'worker';
  return { tool, input, mode: facts?.mode ?? 'development', tier, agent };
}

/** The agent of the passed claim, else the named one, else `main`. */
function agentOf(view: View, session: string | undefined, input: unknown): string {
  const given = (key: string): unknown =>
    typeof input === 'object' && input !== null && Object.hasOwn(input, key) ? Reflect.get(input, key) : undefined;
  const claim = given('claim');
  const agent = given('agent');
  const found = typeof claim === 'string' && session !== undefined ? agentOfClaim(view, session, claim) : undefined;
  if (found?.ok) return found.value;
  return typeof agent === 'string' ? agent : 'main';
}

function tierIn(facts: Readonly<SessionFacts> | undefined, agent: string): string | undefined {
  return facts !== undefined && Object.hasOwn(facts.agents, agent) ? facts.agents[agent]?.tier : undefined;
}

/** `given`, or the standing of the newest approval, as the end of a sentence. */
function approvalOf(view: View, { name: policy = '' }: Policy, session: string | undefined): string {
  if (session === undefined) return '';
  const asks = { policy, session, now: Date.now() };
  let last = { seq: 0, why: '' };
  for (const stream of view.streams('decision/')) {
    const decision = view.get<DecisionDocument>(stream);
    const standing = decision === undefined ? undefined : standingOf(decision, asks);
    if (standing === 'given') return standing;
    const seq = view.lastSeq(stream);
    if (standing !== undefined && seq > last.seq) last = { seq, why: `; ${standing.why}` };
  }
  return last.why;
}
