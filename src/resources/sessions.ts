// baton://sessions/{id}: a session's stored document.

import { sessionStream } from '../domain/session/document.ts';
import { jsonLength } from '../domain/state/etag.ts';
import { copyJson, type JsonObject } from '../json/json.ts';
import { allSessions, factsOf, sessionRows } from '../views/session/sessions.ts';
import { MOST_ENTRIES, type ResourceKind } from './define.ts';

/** Above this many characters of JSON, the resource names the keys and the call that reads them. */
const MOST_CHARS = 200_000;

export const sessions: ResourceKind = {
  name: 'sessions',
  title: 'Session',
  description: 'The state of a session: what it is, and what its agents remember',
  template: 'baton://sessions/{id}',
  listedFrom: 'session',
  list: (view, { documents, workspace }) =>
    sessionRows(allSessions(view, workspace.project).slice(0, MOST_ENTRIES), documents.presence, Date.now()).map(
      (row) => ({ id: row.session, title: row.name ?? row.session, description: `${row.mode}, ${row.status}` }),
    ),
  read: (view, id) => {
    const doc = factsOf(view, id) === undefined ? undefined : view.get<JsonObject>(sessionStream(id));
    if (doc === undefined) return undefined;
    if (jsonLength(doc as JsonObject, MOST_CHARS) <= MOST_CHARS) return copyJson(doc as JsonObject);
    const cut = `too large to show whole: state_get {"session": "${id}", "path": …}`;
    return { session: copyJson(doc.session ?? null), keys: Object.keys(doc).slice(0, MOST_ENTRIES), cut };
  },
  streams: (id) => [sessionStream(id)],
};
