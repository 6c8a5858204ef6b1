// What a source of another program is read into, and the report of what became of it. Each kind of source is a file of
// this folder; index.ts lists them.

import type { ImportedMessage } from '../../domain/import/state.ts';
import type { ImportedTask } from '../../domain/import/tasks.ts';
import type { Json } from '../../json/json.ts';

/** A file of a source: its path within it, and its text. */
export interface SourceFile {
  name: string;
  text: string;
}

export interface Note {
  /** Which item, in the source's own words. */
  item: string;
  why: string;
}

export interface Imported {
  tasks: ImportedTask[];
  state: Record<string, Json>;
  messages: ImportedMessage[];
  /** Taken, but not as it was. */
  changed: Note[];
  /** Not taken. */
  left: Note[];
}

export interface SourceKind {
  /** Which files of a directory are read; of a file that is named, always that one. */
  reads: RegExp;
  /** Keys are unique wherever the source stands: where it stands does not matter then. */
  uniqueKeys: boolean;
  read(files: readonly SourceFile[]): Imported;
}

export function nothing(): Imported {
  return { tasks: [], state: {}, messages: [], changed: [], left: [] };
}

/** The value of a JSON text, or undefined with a note that it is none. */
export function parseJson(file: SourceFile, into: Imported): unknown {
  try {
    return JSON.parse(file.text);
  } catch {
    into.left.push({ item: file.name, why: 'it is no JSON' });
    return undefined;
  }
}

/** A text, or '' for anything else; numbers count as texts. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Paragraphs with headings, those that are empty left out. */
export function paragraphs(parts: readonly (readonly [heading: string, text: unknown])[]): string {
  return parts
    .flatMap(([heading, value]) => {
      const text = textOf(value).trim();
      return text === '' ? [] : [heading === '' ? text : `${heading}: ${text}`];
    })
    .join('\n\n');
}
