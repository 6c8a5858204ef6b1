// What sessions of a project did last, from what the log tells. Used by the team's dashboard and by state_get.

import type { CommitSummary, Source } from '../source.ts';
import { readableFacts } from './sessions.ts';

/** Something that one session did to one thing, as often as it did so in a row. */
export interface Activity extends CommitSummary {
  times: number;
}

/** The newest first; none where the log was not read. */
export function recentActivity(
  { log, view, project }: Pick<Source, 'log' | 'view' | 'project'>,
  most: number,
): Activity[] {
  const mine = new Map<string, boolean>();
  const isMine = (session: string | undefined): boolean => {
    if (session === undefined) return false;
    const known = mine.get(session) ?? readableFacts(view, `session/${session}`)?.project === project.id;
    mine.set(session, known);
    return known;
  };
  const found: Activity[] = [];
  for (const one of log?.latest ?? []) {
    if (!isMine(one.session)) continue;
    const last = found.at(-1);
    if (last?.type === one.type && last.stream === one.stream && last.by === one.by) last.times += 1;
    else if (found.length === most) break;
    else found.push({ ...one, times: 1 });
  }
  return found;
}
