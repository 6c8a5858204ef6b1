// baton://sessions/{id}/inbox: a session's unread messages. Reading the resource moves no cursor; message_read does.

import { MAX_ROWS_CHARS } from '../config/limits.ts';
import type { View } from '../documents/documents.ts';
import { channelStream } from '../domain/team/channel.ts';
import { readerStream } from '../domain/team/reader.ts';
import { copyJson, type Json } from '../json/json.ts';
import { factsOf } from '../views/session/sessions.ts';
import { boxesOf } from '../views/team/addresses.ts';
import { unreadPage } from '../views/team/mail.ts';
import type { ResourceKind } from './define.ts';
import { sessions } from './sessions.ts';

const MOST_MESSAGES = 50;

export const inbox: ResourceKind = {
  name: 'inboxes',
  title: 'Inbox',
  description: 'Messages that a session has not read yet; message_read takes them',
  template: 'baton://sessions/{id}/inbox',
  listedFrom: 'session',
  list: (view, services) =>
    sessions.list(view, services).map((entry) => ({ ...entry, title: `Inbox of ${entry.title}` })),
  read: (view, id) => {
    const facts = factsOf(view, id);
    if (facts === undefined) return undefined;
    const options = {
      project: facts.project,
      now: Date.now(),
      limit: MOST_MESSAGES,
      maxChars: MAX_ROWS_CHARS,
      got: new Map(),
    };
    const { messages, unread } = unreadPage(view, { session: id }, options);
    // Without `state`: a read of the resource records no offer, so the state would not be true.
    const rows = messages.map(({ state: _, ...row }) => row);
    return copyJson({ unread: unread + rows.length, messages: rows } as unknown as Json);
  },
  streams: (id, view) => inboxStreams(view, id),
};

/** The streams of every channel that the session reads, and of the cursors it reads them with. */
function inboxStreams(view: View, session: string): string[] {
  const project = factsOf(view, session)?.project ?? '';
  const boxes = boxesOf(view, { session }, project);
  return [
    ...new Set([
      ...boxes.map(({ channel }) => channelStream(channel)),
      ...boxes.map(({ reader }) => readerStream(reader)),
    ]),
  ];
}
