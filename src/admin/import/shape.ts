// The shape into which another program's files are read, with the notes on what was changed or left out, and helpers
// for the readers. Each kind of source is a file of this folder; index.ts lists them.

import type { ImportedMessage } from '../../domain/import/state.ts';
import type { ImportedTask } from '../../domain/import/tasks.ts';
import type { Json } from '../../json/json.ts';

/** A file of a source: its path within the source, and its text. */
export interface SourceFile {
  name: string;
  text: string;
}

export interface Note {
  /** The item, as the source names it. */
  item: string;
  why: string;
}

export interface Imported {
  tasks: ImportedTask[];
  state: Record<string, Json>;
  messages: ImportedMessage[];
  /** Items that were imported with a change. */
  changed: Note[];
  /** Items that were not imported. */
  left: Note[];
}

export interface SourceKind {
  /** Which files of a directory are read. A file that the user names is always read. */
  reads: RegExp;
  /**
   * True if keys are unique across all sources of this kind, so that the same source at another path gives the same
   * tasks.
   */
  uniqueKeys: boolean;
  read(files: readonly SourceFile[]): Imported;
}

export function nothing(): Imported {
  return { tasks: [], state: {}, messages: [], changed: [], left: [] };
}

/** The value of a JSON text; undefined, with a note in `into.left`, if it is no JSON. */
export function parseJson(file: SourceFile, into: Imported): unknown {
  try {
    return JSON.parse(file.text);
  } catch {
    into.left.push({ item: file.name, why: 'it is no JSON' });
    return undefined;
  }
}

/** A string as it is, a number as text, and '' for anything else. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}

/** A list as it is, and [] for anything else. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Joins paragraphs with their headings, without empty ones. */
export function paragraphs(parts: readonly (readonly [heading: string, text: unknown])[]): string {
  return parts
    .flatMap(([heading, value]) => {
      const text = textOf(value).trim();
      return text === '' ? [] : [heading === '' ? text : `${heading}: ${text}`];
    })
    .join('\n\n');
}
