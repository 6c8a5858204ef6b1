// project_save {adopt}: makes a renamed or cloned directory go on with its project. Refused while that project may
// still be worked on where it was, or while this directory has a plan of its own, which would be out of reach then.

import { directoryThere, hasPlan } from '../../app/moved-project.ts';
import type { Services } from '../../app/services.ts';
import { nearest } from '../../base/nearest.ts';
import { adoptProject } from '../../domain/project/adopt.ts';
import { type Failure, fail } from '../../failure/failure.ts';
import { openSessions } from '../../views/team/people.ts';
import type { Call } from '../define.ts';
import { viewScopeOf } from './caller.ts';
import { type ChangeInput, changeInSession, withSeq } from './change.ts';

export async function adoptMoved(adopts: string, given: ChangeInput, call: Call<Services>) {
  const { documents, ownProject: here } = call.services;
  const refused = await refusal(adopts, call);
  if (refused !== undefined) return fail(refused);
  const scope = viewScopeOf(call);
  const sessions = documents.peek((view) => openSessions(view, { ...scope, project: here }).map(({ id }) => id));
  const done = await changeInSession<{ version: number }>(
    call,
    'project_save',
    given,
    () => (tx, ctx) => adoptProject(tx, ctx, { here, adopts, sessions }),
  );
  if (!done.ok) return done;
  const { version } = done.value.value;
  return withSeq(done.value, { project: adopts, version, changed: ['/continues'], changed_count: 1 });
}

async function refusal(adopts: string, call: Call<Services>): Promise<Failure | undefined> {
  const { documents, plans, workspace, config } = call.services;
  const scope = viewScopeOf(call);
  return await documents.read((view): Failure | undefined => {
    const plan = plans.at(view);
    const what = `Taking over ${adopts.slice(0, 64)}`;
    // Taken over already: the command is a repetition, or says that it is this project.
    if (adopts === workspace.project) return undefined;
    if (!plan.projects.has(adopts))
      return { code: 'unknown-item', kind: 'project', id: adopts, near: nearest(adopts, plan.projects) };
    if (hasPlan(plan, workspace.project)) {
      const how = 'archive what this directory has planned first: task_save, sprint_save, epic_save {archived: true}';
      return { code: 'not-allowed', what, why: 'this directory has a plan of its own, which would be hidden', how };
    }
    const served = documents.presence.served();
    const live = openSessions(view, { ...scope, project: adopts }).find(({ id }) => served.has(id));
    if (live !== undefined)
      return { code: 'not-allowed', what, why: `a live window works on it in ${live.id}`, how: 'close that first' };
    const there = directoryThere(view, adopts, config.home);
    if (there === undefined) return undefined;
    return {
      code: 'not-allowed',
      what,
      why: `its directory ${JSON.stringify(there)} is still there`,
      how: 'work on it there, or move that directory away first',
    };
  });
}
