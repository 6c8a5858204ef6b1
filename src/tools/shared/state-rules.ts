// Wraps the commands of state tools and imports in the rules of the session's project: its schemas, and its policies on
// the places that a call would write.

import type { Services } from '../../app/services.ts';
import type { Decide } from '../../domain/command.ts';
import { policiesOf } from '../../domain/project/approval.ts';
import { type ProjectDocument, projectStream } from '../../domain/project/document.ts';
import { looksAtPlaces, policyForPlace } from '../../domain/project/policy.ts';
import { type JudgePlace, underPolicies } from '../../domain/project/state-policies.ts';
import { schemasOf, underSchemas } from '../../domain/project/state-schemas.ts';
import { callFacts, refusalBy } from './policy.ts';

/** The call on whose behalf a command writes. */
export interface WritingCall {
  tool: string;
  input: unknown;
}

/**
 * Wraps a command: it fails if the state that it leaves does not satisfy the schemas of the session's project, or if a
 * policy of the caller's project forbids a place that it writes.
 */
export function underRules<A>(services: Services, session: string, call: WritingCall, command: Decide<A>): Decide<A> {
  const { documents } = services;
  const projectOf = (id: string) => documents.snapshot(projectStream(id))?.doc as ProjectDocument | undefined;
  const inForce = (project: string): boolean => Object.keys(schemasOf(projectOf(project))).length > 0;
  const policies = policiesOf(projectOf(services.workspace.project));
  const ruled = policies.some(looksAtPlaces) ? underPolicies(session, judgeOf(services, call), command) : command;
  return underSchemas(session, inForce, ruled);
}

/** The judgement of places as of now: policies hold from the next call on. */
function judgeOf(services: Services, { tool, input }: WritingCall): JudgePlace {
  const { documents, sessions, workspace } = services;
  return documents.peek((view) => {
    const policies = policiesOf(view.get<ProjectDocument>(projectStream(workspace.project)));
    const session = sessions.find(view);
    const call = callFacts(view, services, tool, input);
    return (place) => {
      const policy = policyForPlace(policies, call, place);
      if (policy === undefined || policy.decision === 'allow') return undefined;
      return documents.peek((now) => refusalBy(now, { policies, policy, call, session, place }));
    };
  });
}
