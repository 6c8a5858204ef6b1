// What policies are asked about a call, and their refusals in words. Used by around/policies.ts before a call and by
// state-rules.ts for each place that a call would write.

import type { Services } from '../../app/services.ts';
import type { View } from '../../documents/documents.ts';
import { ALLOW, standingOf } from '../../domain/project/approval.ts';
import { type CallFacts, type Policy, policyFor, policyLabel } from '../../domain/project/policy.ts';
import type { SessionFacts } from '../../domain/session/document.ts';
import type { DecisionDocument } from '../../domain/team/decision.ts';
import { type RegistryEntry, registryStream } from '../../domain/team/registry.ts';
import type { Failure } from '../../failure/failure.ts';
import { factsOf } from '../../views/session/sessions.ts';
import { agentOfClaim } from '../../views/team/people.ts';

/** Tools that the command line may always call, so that a person can correct any policy. */
const REPAIRS = ['project_get', 'project_save'];
/** Tools that an approval needs: a policy with `ask` does not stop them, one with `deny` does. */
const ASKING = ['decision_open', 'decision_vote', 'message_read', 'project_get'];

export function mayAlways({ role }: Services, tool: string): boolean {
  return role === 'cli' && REPAIRS.includes(tool);
}

export interface Ruling {
  policies: readonly Policy[];
  /** The policy that decides; undefined if none matches. */
  policy: Policy | undefined;
  call: CallFacts;
  session: string | undefined;
  /** The place of the state that the call would write. */
  place?: string;
}

/** Why a policy stops a call; undefined if it allows it. */
export function refusalBy(view: View, { policies, policy, call, session, place }: Ruling): Failure | undefined {
  if (policy === undefined || policy.decision === 'allow') return undefined;
  const { tool } = call;
  const what = `Calling ${tool}${place === undefined ? '' : ` for ${place}`}`;
  const label = policyLabel(policies, policy);
  const reason = policy.reason === undefined ? '' : `: ${policy.reason}`;
  if (policy.decision === 'deny') {
    const how = `project_get shows the policies; ${whoChanges(policies, call)}`;
    return { code: 'not-allowed', what, why: `${label} denies it${reason}`, how };
  }
  const standing = ASKING.includes(tool) ? 'given' : approvalOf(view, policy, session);
  if (standing === 'given') return undefined;
  const how =
    `decision_open {kind: "approval", policy: "${policy.name}", options: ["${ALLOW}", "refuse"], ` +
    `title: …}; when it has passed with a vote of another session, or of a person (\`baton decision vote\`), call ` +
    `again within the hour`;
  return { code: 'not-allowed', what, why: `${label} wants it approved${reason}${standing}`, how };
}

/** Who may change the policies, in words for a caller that one of them stops. */
function whoChanges(policies: readonly Policy[], call: CallFacts): string {
  const own = policyFor(policies, { ...call, tool: 'project_save', input: {} });
  return own === undefined || own.decision === 'allow'
    ? 'project_save changes them: ask who set this one before you do'
    : 'a person changes them with `baton project save` on the command line';
}

/** The facts of a call that policies match. */
export function callFacts(view: View, { sessions, workspace }: Services, tool: string, input: unknown): CallFacts {
  const session = sessions.find(view);
  const facts = session === undefined ? undefined : factsOf(view, session);
  const agent = agentOf(view, session, input);
  const entry = view.get<RegistryEntry>(registryStream(workspace.project, 'agent', agent));
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
