// Settles records that have one key: versions of one task become the newest of them, and different tasks get keys of
// their own. Every record that goes is noted. Called by prepare.ts.

import type { Imported, SourceTask } from './shape.ts';

/** The tasks of a source, each with a key of its own. `unique`: the source gives an id to one thing only. */
export function settleVersions(found: Imported, unique: boolean): SourceTask[] {
  const groups = new Map<string, SourceTask[][]>();
  for (const task of found.tasks) {
    const clusters = groups.get(task.key) ?? [];
    const same = clusters.find(([first]) => first !== undefined && isSame(first, task, unique));
    if (same === undefined) clusters.push([task]);
    else same.push(task);
    groups.set(task.key, clusters);
  }
  const settled: SourceTask[] = [];
  const byPlace = new Map<string, string>();
  for (const [key, clusters] of groups) {
    for (const [index, versions] of clusters.entries()) {
      const kept = newest(found, versions);
      if (kept.out !== undefined) {
        found.left.push({ item: kept.key, why: kept.out.why });
        found.outside.set(kept.key, kept.out.open);
        continue;
      }
      if (index > 0) {
        kept.key = ownKey(groups, key, index + 1);
        const why = `another task has its id: it is taken as ${kept.key}`;
        found.changed.push({ item: key, why });
      }
      for (const { place = '' } of versions) byPlace.set(`${place}\n${key}`, kept.key);
      settled.push(kept);
    }
  }
  // A key that several tasks had means the one of the same place.
  for (const task of settled) {
    const named = (key: string): string => byPlace.get(`${task.place ?? ''}\n${key}`) ?? key;
    task.needs = task.needs.map(named);
    if (task.parent !== undefined) task.parent = named(task.parent);
    if (task.discovered_from !== undefined) task.discovered_from = named(task.discovered_from);
  }
  return settled;
}

function isSame(a: SourceTask, b: SourceTask, unique: boolean): boolean {
  if (a.title.trim() === b.title.trim()) return true;
  if (a.born !== undefined && b.born !== undefined) return a.born === b.born;
  return unique;
}

function ownKey(groups: ReadonlyMap<string, unknown>, key: string, from: number): string {
  for (let n = from; ; n++) if (!groups.has(`${key}#${n}`)) return `${key}#${n}`;
}

function newest(found: Imported, versions: readonly SourceTask[]): SourceTask {
  const time = ({ updated }: SourceTask): number => Date.parse(updated ?? '') || 0;
  const [first, ...others] = versions as [SourceTask, ...SourceTask[]];
  let kept = first;
  for (const one of others) if (time(one) >= time(kept)) kept = one;
  const words = (task: SourceTask): string =>
    `${task.out?.why ?? task.status}${task.updated ? `, of ${task.updated}` : ''}`;
  for (const one of versions) {
    if (one === kept) continue;
    const why = `a version of it is left out (${words(one)}): the newest is kept (${words(kept)})`;
    found.left.push({ item: kept.key, why });
  }
  return kept;
}
