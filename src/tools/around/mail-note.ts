// The one line that any answer may carry: there is unread mail, or the store is stopped. Stands round
// every tool; a call without news pays a lookup of its session and a comparison.

import { withNote } from '../shared/note.ts';
import type { Around } from './around.ts';

/** A tool whose answer contains the mail anyway, and one whose answer nobody reads. */
const WITHOUT = ['message_read', 'hook_event'];

export const mailNote: Around = {
  after({ name }, answer, { services }) {
    if (WITHOUT.includes(name)) return answer;
    const { documents, mail, sessions } = services;
    const { stopped } = documents.store.info();
    const note = mail.note((view) => sessions.find(view));
    const told = (line: string | undefined): object => {
      const noted = withNote(answer, line);
      return stopped === undefined ? noted : withNote(noted, stoppedNote(stopped.code));
    };
    return note instanceof Promise ? note.then(told) : told(note);
  },
};

/** The line for a stopped store: its data is sound but may be incomplete. */
function stoppedNote(code: string): string {
  return (
    `the store is stopped (${code}): this is what it knew until then, and nothing can be changed; run ` +
    `\`baton doctor\``
  );
}
