// What a window is told when it begins or goes on in a session, in one line: which session, when it was last seen, what
// was there, who else is there. One text for session_start and for the first call of a window that made none.

import { leftProjects } from '../../app/moved-project.ts';
import type { Services } from '../../app/services.ts';
import type { View } from '../../documents/documents.ts';
import type { StartAnswer } from '../../domain/session/commands.ts';
import { inWords, type LeftSession, type OpenWork, openWork } from '../../views/open-work.ts';
import { line } from '../../views/plan/show.ts';

/** What the caller asked for; a call that is no session_start asks for nothing. */
export interface StartAsked {
  mode?: string | undefined;
  name?: string | undefined;
  handoff?: string | undefined;
}

export interface StartNews {
  open: OpenWork;
  left: LeftSession[];
  note: string | undefined;
}

const PROJECTS_SHOWN = 3;

export function startNews(
  view: View,
  services: Services,
  started: StartAnswer,
  asked: StartAsked,
  { claims, unread }: { claims: number; unread: number },
): StartNews {
  const { documents, workspace, sessions } = services;
  const { session, resumed, last_seen: seen, mode, name, ended } = started;
  const { open, left } = openWork(view, {
    session,
    project: workspace.project,
    now: Date.now(),
    presence: documents.presence,
    graph: (hash) => documents.definitions.get(hash),
  });
  const there = inWords(open, claims, unread);
  const notes: string[] = [];
  if (ended !== undefined)
    notes.push(`${ended} has ended, so this is a new session; state_get {session: "${ended}"} still reads it`);
  if (resumed) notes.push(`resumed ${session}${seen === undefined ? '' : `, last seen ${seen}`}: ${there}`);
  else if (there !== 'nothing yet') notes.push(`a new session; waiting: ${there}`);
  if (resumed && mode === 'emergency' && asked.mode === undefined)
    notes.push('it is in emergency mode, begun before this window; session_update {mode: "development"} ends that');
  if (resumed && asked.name !== undefined && asked.name !== name)
    notes.push('it keeps its name; session_update {name} changes that');
  if (sessions.isShared(session))
    notes.push('another window that is live serves this session too: you share its state and mail, not its claims');
  notes.push(...left.map(leftNote), ...movedNotes(view, services));
  return { open, left, note: notes.length === 0 ? undefined : notes.join('. ') };
}

function leftNote({ session, claims, last_seen: seen }: LeftSession): string {
  const since = seen === undefined ? '' : `, last seen ${seen},`;
  return (
    `no window serves ${session}${since} which holds ${claims} claim${claims === 1 ? '' : 's'}: ` +
    `session_recover {session: "${session}"} takes it over, or run_claim gives each node anew when its lease ends`
  );
}

/** What a window in a new directory is told of projects whose own directory is gone. */
export function movedNotes(view: View, { workspace, plans, config }: Services): string[] {
  return leftProjects(view, () => plans.at(view), workspace.project, config.home)
    .slice(0, PROJECTS_SHOWN)
    .map(
      ({ project, name, open }) =>
        `the directory of ${project} (${line(name, 60)}, ${open} open task${open === 1 ? '' : 's'}) is gone: if this ` +
        `is it, project_save {adopt: "${project}"} goes on with its plan`,
    );
}
