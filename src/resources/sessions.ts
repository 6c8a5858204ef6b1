// baton://sessions/{id}: a session's stored document.

import { sessionStream } from '../domain/session.ts';
import { copyJson, type JsonObject } from '../json/json.ts';
import { factsOf, sessionRows } from '../views/sessions.ts';
import { MOST_ENTRIES, type ResourceKind } from './define.ts';

export const sessions: ResourceKind = {
  name: 'sessions',
  title: 'Session',
  description: 'The state of a session: what it is, and what its agents remember',
  template: 'baton://sessions/{id}',
  list: (view, { documents, workspace }) =>
    sessionRows(view, documents.presence, Date.now(), (_, facts) => facts.project === workspace.project)
      .slice(0, MOST_ENTRIES)
      .map((row) => ({ id: row.session, title: row.name ?? row.session, description: `${row.mode}, ${row.status}` })),
  read: (view, id) => {
    const doc = factsOf(view, id) === undefined ? undefined : view.get<JsonObject>(sessionStream(id));
    return doc === undefined ? undefined : copyJson(doc as JsonObject);
  },
  streams: (id) => [sessionStream(id)],
};
