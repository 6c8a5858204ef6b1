// Takes the project of a directory that is gone over into another one: pure command, called by project_save {adopt}. A
// project is the path of its directory, so one that was renamed or cloned elsewhere begins as an empty project. The new
// one names the old one, and every process of the new directory works on that from then on: nothing is rewritten.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Context, Transaction } from '../command.ts';
import { type SessionDocument, sessionStream } from '../session/document.ts';
import { type ProjectDocument, projectStream } from './document.ts';

/** A project may have moved several times; more hops than this are a circle. */
const MAX_HOPS = 20;

export interface AdoptInput {
  /** The project of the directory, as its path gives it. */
  here: string;
  adopts: string;
  /** The open sessions of the directory, which come along. */
  sessions: readonly string[];
}

/** Fails with `unknown-item`, `invalid-input`. */
export function adoptProject(tx: Transaction, _ctx: Context, input: AdoptInput): Result<{ version: number }> {
  const { here, adopts, sessions } = input;
  const own = tx.read<ProjectDocument>(projectStream(here));
  const found = tx.read<ProjectDocument>(projectStream(adopts));
  if (own === undefined || found === undefined)
    return fail({ code: 'unknown-item', kind: 'project', id: own === undefined ? here : adopts, near: [] });
  const { id } = continued((stream) => tx.read<ProjectDocument>(stream), found);
  if (id === here) return fail({ code: 'invalid-input', issues: [{ at: 'adopt', why: 'is this project itself' }] });
  tx.edit<ProjectDocument>(projectStream(here), { type: 'project.adopted', data: { project: id } }, (draft) => {
    draft.continues = id;
  });
  for (const session of sessions) {
    if (tx.read<SessionDocument>(sessionStream(session))?.session.project !== here) continue;
    tx.edit<SessionDocument>(sessionStream(session), { type: 'session.updated' }, (draft) => {
      draft.session.project = id;
      draft.session.project_name = found.name;
    });
  }
  return ok({ version: tx.version(projectStream(here)) });
}

/** The project that a project goes on with: itself, unless it took another over. */
export function continued(
  read: (stream: string) => Readonly<ProjectDocument> | undefined,
  project: Readonly<ProjectDocument>,
): Readonly<ProjectDocument> {
  let at = project;
  for (let hops = 0; at.continues !== undefined && hops < MAX_HOPS; hops += 1) {
    const next = read(projectStream(at.continues));
    if (next === undefined) break;
    at = next;
  }
  return at;
}
