// The shape into which another program's files are read, with the notes on what was changed or left out, and helpers
// for the readers. Each kind of source is a file of this folder; index.ts lists them.

import type { ImportedMessage } from '../../domain/import/state.ts';
import type { ImportedItem } from '../../domain/import/surroundings.ts';
import type { ImportedTask } from '../../domain/import/tasks.ts';
import { meaningOf } from '../../domain/status-words.ts';
import { isObject, type Json } from '../../json/json.ts';

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

/** A task as it was read, before versions.ts settles which records are one task. */
export interface SourceTask extends ImportedTask {
  /** When it was made and last changed, as the source writes it. */
  born?: string | undefined;
  updated?: string | undefined;
  /** The folder or list in which its edges are looked up first. */
  place?: string | undefined;
  /** Why the record is no task, and whether it holds up what needs it. */
  out?: { why: string; open: boolean } | undefined;
}

export interface Imported {
  tasks: SourceTask[];
  /** Epics, sprints, entries of the registry and sessions. */
  items: ImportedItem[];
  state: Record<string, Json>;
  messages: ImportedMessage[];
  /** Items that were imported with a change. */
  changed: Note[];
  /** Items that were not imported. */
  left: Note[];
  /** Fields that were left out, with the number of items that had them. */
  fields: Map<string, number>;
  /** Records that are no tasks, and whether they hold up what needs them. */
  outside: Map<string, boolean>;
  /** True if a task waits for what its parent needs. */
  parentsBlock: boolean;
}

export interface SourceKind {
  /** Which files of a directory are read. A file that the user names is always read. */
  reads: RegExp;
  /** The same in words, after `files with`. */
  called: string;
  /**
   * True if keys are unique across all sources of this kind, so that the same source at another path gives the same
   * tasks.
   */
  uniqueKeys: boolean;
  /** True if each file is a source of its own: two files of one name count their items from 1 each. */
  apart?: boolean;
  /** Whether a value of a file is of this kind; absent if that cannot be told. */
  mine?(value: unknown): boolean;
  /** `now`: milliseconds since the epoch. */
  read(files: readonly SourceFile[], now: number): Imported;
}

export function nothing(): Imported {
  return {
    tasks: [],
    items: [],
    state: {},
    messages: [],
    changed: [],
    left: [],
    fields: new Map(),
    outside: new Map(),
    parentsBlock: false,
  };
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

/** The values of a file that is one JSON text or has one on each line, each with its place for notes. */
export function valuesOf(file: SourceFile, into: Imported): { at: string; value: unknown }[] {
  try {
    const value: unknown = JSON.parse(file.text);
    if (Array.isArray(value)) return value.map((one, index) => ({ at: `${file.name}[${index}]`, value: one }));
    return [{ at: file.name, value }];
  } catch {
    return file.text.split(/\r?\n/).flatMap((text, index) => {
      const at = `${file.name}:${index + 1}`;
      const value = text.trim() === '' ? undefined : parseJson({ name: at, text }, into);
      return value === undefined ? [] : [{ at, value }];
    });
  }
}

/** The items of a list that are objects; a note says of each other one that it was left out. */
export function objectsOf(found: Imported, list: readonly unknown[], name: string): Record<string, unknown>[] {
  return list.flatMap((item, index) => {
    if (isObject(item)) return [item];
    found.left.push({ item: `${name}[${index}]`, why: `it is ${item === null ? 'null' : `a ${typeof item}`}` });
    return [];
  });
}

/** A string as it is, a number as text, and '' for anything else. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}

/** A list as it is, a text of words between commas as a list, and [] for anything else. */
function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'number') return [value];
  return typeof value === 'string' ? value.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()])) : [];
}

/** Joins paragraphs with their headings, without empty ones. A value that is no text is written as JSON. */
export function paragraphs(parts: readonly (readonly [heading: string, text: unknown])[]): string {
  return parts
    .flatMap(([heading, value]) => {
      const text = (isNothing(value) ? '' : textOf(value) || JSON.stringify(value)).trim();
      return text === '' ? [] : [heading === '' ? text : `${heading}: ${text}`];
    })
    .join('\n\n');
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

/** The fields of one record, each taken once: what a reader does not ask for is found at the end. */
export class Fields {
  private readonly rest: Map<string, unknown>;

  constructor(record: Readonly<Record<string, unknown>>) {
    this.rest = new Map(Object.entries(record).filter(([, value]) => !isNothing(value)));
  }

  take(name: string): unknown {
    const value = this.rest.get(name);
    this.rest.delete(name);
    return value;
  }

  text(name: string): string {
    const value = this.rest.get(name);
    const text = textOf(value);
    if (text !== '') this.rest.delete(name);
    return text;
  }

  /** A time as ISO 8601; the beginning of time for what is none, which is left to `others`. */
  time(name: string): string {
    const ms = Date.parse(textOf(this.rest.get(name)));
    if (!Number.isNaN(ms)) this.rest.delete(name);
    return new Date(Number.isNaN(ms) ? 0 : ms).toISOString();
  }

  /** The items of a list, or of a text of words between commas; what is neither is left to `others`. */
  list(name: string): unknown[] {
    const value = this.rest.get(name);
    if (!Array.isArray(value) && textOf(value) === '') return [];
    this.rest.delete(name);
    return listOf(value);
  }

  /** The names in a list. If an item has none, the list is left to `others` too. */
  names(name: string, nameOf: (item: unknown) => string = textOf): string[] {
    const value = this.rest.get(name);
    const names = this.list(name).map(nameOf);
    if (names.includes('')) this.rest.set(name, value);
    return names.filter((one) => one !== '');
  }

  /** What nobody took, as paragraphs; fields of `bookkeeping` are counted in `found.fields` instead. */
  others(found: Imported, bookkeeping: ReadonlySet<string>): [heading: string, value: unknown][] {
    return [...this.rest].flatMap(([name, value]) => {
      if (!bookkeeping.has(name)) return [[name, value] as [string, unknown]];
      found.fields.set(name, (found.fields.get(name) ?? 0) + 1);
      return [];
    });
  }
}

/** Gives a task the status that a word means; `out` if the word says that it was deleted. */
export function giveStatus(found: Imported, task: SourceTask, word: string): void {
  const meaning = word.trim() === '' ? 'todo' : meaningOf(word);
  if (meaning === 'gone') {
    task.out = { why: 'it was deleted', open: false };
    return;
  }
  if (meaning !== 'held' && meaning !== undefined) {
    task.status = meaning;
    if (meaning === 'blocked') task.blocked_reason ??= 'blocked where it was imported from';
    return;
  }
  const why = meaning === 'held' ? `${word.trim()} where it was imported from` : `its status "${word}" is not known`;
  holdBack(found, task, why);
  if (meaning === 'held') task.labels.push('deferred');
}

/** Blocks a task that could be started otherwise, with a note: what an import is unsure of is never offered as work. */
export function holdBack(found: Imported, task: SourceTask, reason: string): void {
  if (task.status !== 'todo') return;
  task.status = 'blocked';
  task.blocked_reason = reason;
  found.changed.push({ item: task.key, why: `it is blocked here: ${reason}` });
}
