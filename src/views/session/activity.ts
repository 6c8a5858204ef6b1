// The latest commits by sessions of a project and by people, from the log's figures. Used by the dashboard view `team`
// and by joined/joined.ts.

import type { View } from '../../documents/documents.ts';
import { FailureError } from '../../failure/failure.ts';
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
  // A person acts in no session: then the document that was changed says which project it is of.
  const isMine = ({ session, stream }: CommitSummary): boolean => {
    const about = session === undefined ? stream : `session/${session}`;
    const known = mine.get(about) ?? projectOf(view, about) === project.id;
    mine.set(about, known);
    return known;
  };
  const found: Activity[] = [];
  for (const one of log?.latest ?? []) {
    if (!isMine(one)) continue;
    const last = found.at(-1);
    if (last?.type === one.type && last.stream === one.stream && last.by === one.by) last.times += 1;
    else if (found.length === most) break;
    else found.push({ ...one, times: 1 });
  }
  return found;
}

/** The project of a document; undefined for one of none, and for one that is damaged. */
function projectOf(view: View, stream: string): string | undefined {
  if (stream.startsWith('session/')) return readableFacts(view, stream)?.project;
  if (stream.startsWith('project/')) return stream.slice('project/'.length);
  // A message is in a segment of its channel, which alone knows the project.
  const head = stream.startsWith('channel/') ? stream.split('/', 2).join('/') : stream;
  try {
    return view.get<{ project?: string }>(head)?.project;
  } catch (error) {
    if (error instanceof FailureError) return undefined;
    throw error;
  }
}
