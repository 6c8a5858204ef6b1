// The parts of a session that are not stored in it but joined when it is read, all at the same seq: what it belongs to,
// what is addressed to it, and how it fares. state_get shows them; writing them is refused with the tool to call.

import type { View } from '../documents/documents.ts';
import { sessionStream } from '../domain/session.ts';
import { projectStream } from '../domain/session-commands.ts';
import type { JOINED_KEYS } from '../domain/state.ts';
import { copyJson, type Json, type JsonObject } from '../json/json.ts';
import type { StoreInfo } from '../store/port.ts';
import { factsOf, readableFacts } from './sessions.ts';

export type JoinedKey = (typeof JOINED_KEYS)[number];

/** The joined value under a key, for one session. */
export function joinedValue(key: JoinedKey, view: View, session: string, store: StoreInfo): Json {
  const facts = factsOf(view, session);
  switch (key) {
    case 'organization':
      return organization(view, facts?.project);
    case 'communication':
      return { handoffs: copyJson((facts?.handoffs ?? []) as unknown as Json) };
    case 'observability':
      return {
        health: { writable: store.stopped === undefined, durability: store.durability },
        seq: view.seq,
        version: view.version(sessionStream(session)),
      };
  }
}

function organization(view: View, project: string | undefined): JsonObject {
  const doc = project === undefined ? undefined : view.get<JsonObject>(projectStream(project));
  const sessions = view.streams('session/').filter((stream) => readableFacts(view, stream)?.project === project);
  return {
    project: doc === undefined ? null : copyJson(doc as JsonObject),
    sessions: sessions.map((stream) => stream.slice('session/'.length)),
  };
}
