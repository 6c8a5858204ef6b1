// The one line that any answer may carry: there is unread mail, or the store is stopped. Stands round
// every tool; a call without news pays a lookup of its session and a comparison.

import type { Services } from '../../app/services.ts';
import type { View } from '../../documents/documents.ts';
import type { StartAnswer } from '../../domain/session/commands.ts';
import { FailureError } from '../../failure/failure.ts';
import { claimsOf } from '../../views/session/claims.ts';
import { mailFor } from '../../views/team/mail.ts';
import { withNote } from '../shared/note.ts';
import { movedNotes, startNews } from '../shared/start-note.ts';
import type { Around } from './around.ts';

/** A tool whose answer contains the mail anyway, and one whose answer nobody reads: told only of a stopped store. */
const WITHOUT = ['message_read', 'hook_event'];

export const mailNote: Around = {
  after({ name }, answer, { services }) {
    const { documents, mail, sessions } = services;
    const { stopped } = documents.store.info();
    const quiet = WITHOUT.includes(name);
    const note = quiet ? undefined : mail.note((view) => sessions.find(view));
    // The answer of a repeat is the first one, in every process: what is new waits for the next call.
    const news = quiet || 'replayed' in answer ? undefined : firstNews(services, name === 'session_start');
    const told = (line: string | undefined): object => {
      const noted = withNote(answer, line);
      return stopped === undefined ? noted : withNote(noted, stoppedNote(stopped.code));
    };
    if (news !== undefined) return Promise.all([news, note]).then(([begin, mail]) => told(joined(begin, mail)));
    return note instanceof Promise ? note.then(told) : told(note);
  },
};

/** Processes that have answered a call. */
const answered = new WeakSet<Services>();

/**
 * What comes before the mail: the session that began with this call, and with the first answer a plan to take over.
 * `told`: the answer says it itself.
 */
function firstNews(services: Services, told: boolean): Promise<string | undefined> | undefined {
  // On the command line no session begins that somebody could go on with; a moved plan is told there too.
  const begun = services.role === 'serve' ? services.sessions.news() : undefined;
  const first = !answered.has(services);
  answered.add(services);
  if (told || (begun === undefined && !first)) return undefined;
  const { documents } = services;
  const news = documents.read((view) =>
    begun === undefined ? joined(...movedNotes(view, services)) : newsOf(view, services, begun),
  );
  return news.catch((error: unknown) => {
    // A damaged document fails calls that name it, not every first call.
    if (error instanceof FailureError) return undefined;
    throw error;
  });
}

/** What a window is told that made no session_start: the session that it goes on with, if there was one. */
function newsOf(view: View, services: Services, begun: StartAnswer): string | undefined {
  const { documents, workspace } = services;
  const counts = {
    claims: claimsOf(view, begun.session, documents.presence).filter(({ state }) => state !== 'lost').length,
    unread: mailFor(view, begun.session, workspace.project, services.mail.gotSoFar()),
  };
  return startNews(view, services, begun, {}, counts).note;
}

function joined(...lines: (string | undefined)[]): string | undefined {
  const said = lines.filter((line) => line !== undefined);
  return said.length === 0 ? undefined : said.join('; ');
}

/** The line for a stopped store: its data is sound but may be incomplete. */
function stoppedNote(code: string): string {
  return (
    `the store is stopped (${code}): this is what it knew until then, and nothing can be changed; run ` +
    `\`baton doctor\``
  );
}
