// The type of a resource kind: one sort of document that clients may list, read, complete and subscribe to. One file
// per kind in this folder; index.ts lists them, serve.ts registers them on the server.

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
  /** The kind of the streams that its list is made of: a new one may add to the list. */
  listedFrom: string;
  /** The resources that a client is shown, by the ids that people see, the last changed first, at most MOST_ENTRIES. */
  list(view: View, services: Services): ResourceEntry[];
  /** The content of a resource; undefined if there is none of that id. Must be a copy: it leaves the read. */
  read(view: View, id: string, services: Services): Json | undefined;
  /**
   * The streams that its content is computed from, by name or by prefix (`task/`). A commit to one of them is reported
   * as a change of the resource.
   */
  streams(id: string, view: View): string[];
}

/** The streams of a board: any task may move into its sprint, and any sprint may become the current one. */
export const ALL_WORK = ['task/', 'sprint/'];

/** The most entries of a list or a completion. */
export const MOST_ENTRIES = 100;

/** The URI of a resource of this kind. */
export function uriOf(kind: ResourceKind, id: string): string {
  return kind.template.replace('{id}', encodeURIComponent(id));
}
