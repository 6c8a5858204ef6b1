// The one line that any answer may carry: there is unread mail, or the store is stopped. Stands round
// every tool; a call without news pays a lookup of its session and a comparison.

import type { Services } from '../../app/services.ts';
import type { StartAnswer } from '../../domain/session/commands.ts';
import { claimsOf } from '../../views/session/claims.ts';
import { mailFor } from '../../views/team/mail.ts';
import { withNote } from '../shared/note.ts';
import { movedNotes, startNews } from '../shared/start-note.ts';
import type { Around } from './around.ts';

/** A tool whose answer contains the mail anyway, and one whose answer nobody reads. */
const WITHOUT = ['message_read', 'hook_event'];

export const mailNote: Around = {
  after({ name }, answer, { services }) {
    if (WITHOUT.includes(name)) return answer;
    const { documents, mail, sessions } = services;
    const { stopped } = documents.store.info();
    const note = mail.note((view) => sessions.find(view));
    const begun = services.role === 'serve' ? sessions.news() : undefined;
    const news = name === 'session_start' ? undefined : firstNews(services, begun);
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

/** What comes before the mail: the session that began with this call, and with the first answer a plan to take over. */
function firstNews(services: Services, begun: StartAnswer | undefined): Promise<string | undefined> | undefined {
  const first = services.role === 'serve' && !answered.has(services);
  answered.add(services);
  if (begun !== undefined) return newsOf(services, begun);
  return first ? services.documents.read((view) => joined(...movedNotes(view, services))) : undefined;
}

/** What a window is told that made no session_start: the session that it goes on with, if there was one. */
async function newsOf(services: Services, begun: StartAnswer): Promise<string | undefined> {
  const { documents, workspace } = services;
  return await documents.read((view) => {
    const counts = {
      claims: claimsOf(view, begun.session, documents.presence).filter(({ state }) => state !== 'lost').length,
      unread: mailFor(view, begun.session, workspace.project),
    };
    return startNews(view, services, begun, {}, counts).note;
  });
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
