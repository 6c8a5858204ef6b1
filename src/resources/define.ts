// What a resource is: one kind of document that clients may list, read, complete and subscribe to. One file per kind in
// this folder; index.ts lists them; serve.ts puts them on the server.

import type { Services } from '../app/services.ts';
import type { View } from '../documents/documents.ts';
import type { Json } from '../json/json.ts';

export interface ResourceEntry {
  id: string;
  title: string;
  description?: string;
}

export interface ResourceKind {
  /** Plural and lower case: `sessions`. */
  name: string;
  title: string;
  description: string;
  /** The URI with one variable, `baton://sessions/{id}`. */
  template: string;
  /** What a client is shown, the last changed first; at most a hundred. */
  list(view: View, services: Services): ResourceEntry[];
  /** The resource's content; undefined if there is none of that id. Must be a copy. */
  read(view: View, id: string, services: Services): Json | undefined;
  /** The streams that its content rests on, as they are now: a commit to one of them is a change of the resource. */
  streams(id: string, view: View): string[];
}

/** What a board rests on beside its sprint: which tasks are its own changes with them. */
export const ALL_WORK = ['task/', 'sprint/'];

/** How many entries a list or completion shows. */
export const MOST_ENTRIES = 100;

/** The URI of a resource of this kind. */
export function uriOf(kind: ResourceKind, id: string): string {
  return kind.template.replace('{id}', encodeURIComponent(id));
}
