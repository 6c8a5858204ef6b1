// Windows of the team rig with the plan index that services.ts gives a process.

import { PlanIndex } from '../../src/views/plan/plan-index.ts';
import { TeamRig, type Window } from '../team-rig.ts';

export async function planWindow(name = 'one', rig = new TeamRig()): Promise<Window> {
  const window = await rig.window(name);
  Object.assign(window.services, { plans: new PlanIndex(window.services.documents) });
  return window;
}

/** Plans `count` tasks into one sprint, 200 to a call; `make` fills each in. */
export async function planMany(
  window: Window,
  count: number,
  make: (index: number) => object,
  sprint: object = { title: 'a sprint', status: 'active' },
): Promise<string> {
  let id: string | undefined;
  for (let from = 0; from < count; from += 200) {
    const tasks = Array.from({ length: Math.min(200, count - from) }, (_, at) => ({
      key: `k${at}`,
      title: `task ${from + at}`,
      ...make(from + at),
    }));
    const saved = await window.call('plan_save', { sprint: id === undefined ? sprint : { id }, tasks });
    id ??= String(saved.sprint);
  }
  return id ?? '';
}
