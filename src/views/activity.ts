// What sessions of a project did last, from what the log tells. Used by the team's dashboard and by state_get.

import type { Happened, Source } from './dashboard/define.ts';
import { readableFacts } from './sessions.ts';

/** The newest first; none where the log was not read. */
export function happened({ log, view, project }: Pick<Source, 'log' | 'view' | 'project'>, most: number): Happened[] {
  const mine = new Map<string, boolean>();
  const isMine = (session: string | undefined): boolean => {
    if (session === undefined) return false;
    const known = mine.get(session) ?? readableFacts(view, `session/${session}`)?.project === project.id;
    mine.set(session, known);
    return known;
  };
  return (log?.latest ?? []).filter(({ session }) => isMine(session)).slice(0, most);
}
