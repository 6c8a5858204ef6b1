// The latest commits by sessions of a project, from the log's figures. Used by the dashboard view `team` and by
// joined/joined.ts.

import type { CommitSummary, Source } from '../source.ts';
import { readableFacts } from './sessions.ts';

/** Consecutive commits of one type by one author to one stream, counted as one; `times` is how many. */
export interface Activity extends CommitSummary {
  times: number;
}

/** At most `most` activities, the newest first; none if the log was not read. */
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
