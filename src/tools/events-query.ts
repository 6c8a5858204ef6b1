// events_query: the events of the log by stream, type, author and seq, a page at a time.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { quoted } from '../base/display.ts';
import { nearest } from '../base/nearest.ts';
import type { View } from '../documents/documents.ts';
import { eventTypes } from '../domain/events.ts';
import { parseClaim } from '../domain/run/document.ts';
import { documentSchemas } from '../domain/schemas.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import { copyJson, type Json, type JsonObject } from '../json/json.ts';
import type { Author, StreamEvent } from '../store/commit.ts';
import type { FoldedCommit } from '../store/fold.ts';
import type { Store } from '../store/port.ts';
import { kindOf } from '../store/stream.ts';
import { type Call, defineTool } from './define.ts';
import { unknownWord } from './shared/filters.ts';
import { limitInput, seqOutput } from './shared/inputs.ts';
import { withNote } from './shared/note.ts';
import { shownOps } from './shared/shown.ts';

/** Commits read at once, and at most by one call; a page that reached the limit has a cursor to continue. */
const SLICE = 500;
const MAX_SCANNED = 20_000;
const ROWS_CHARS = 12_000;
/** How much of a patch and of an event's data a row shows. */
const PATCH_OPS = 10;
const PATCH_CHARS = 1_500;
const DATA_CHARS = 400;

const input = z.strictObject({
  stream: z.string().max(200).optional().describe('session/ses-1, or a prefix that ends in / such as task/'),
  type: z.string().max(64).optional().describe('task.finished, or a prefix that ends in . such as task.'),
  author: z.string().max(64).optional().describe('A session, agent, user or tool name'),
  from: z.number().int().min(1).optional().describe('From this seq'),
  to: z.number().int().min(1).optional().describe('Up to this seq'),
  order: z.enum(['newest', 'oldest']).default('newest').describe('Which end to begin at'),
  patch: z.boolean().optional().describe('With what each event changed'),
  limit: limitInput(50, 200),
  cursor: z
    .string()
    .regex(/^\d{1,15}(\.\d{1,6})?$/, 'expected the next_cursor of the last answer')
    .optional()
    .describe('next_cursor of the last answer'),
});
type Input = z.output<typeof input>;

const event = z.object({
  seq: z.number().int(),
  at: z.string(),
  stream: z.string(),
  type: z.string(),
  by: z.string(),
  tool: z.string(),
  data: z.unknown().optional(),
  patch: z.array(z.looseObject({ op: z.string(), path: z.string() })).optional(),
  cut: z.string().optional(),
});
type EventRow = z.input<typeof event>;

export const eventsQuery = defineTool({
  name: 'events_query',
  title: 'Look through the log',
  toolset: 'ops',
  optIn: true,
  description:
    'Use to find out what happened and who did it: events of the log by stream, type, author or seq, the newest ' +
    'first. ' +
    'Answers {events: [{seq, at, stream, type, by, tool, data?, patch?}], scanned, next_cursor?, seq}; ' +
    'next_cursor without events means: nothing in what was looked through, more is left.',
  searchHint: 'events log history audit debug who changed what',
  annotations: { readOnly: true, destructive: false, idempotent: true },
  answers: { narrow: 'limit, from and to, or leave out patch' },
  positional: ['stream'],
  input,
  output: z.object({
    events: z.array(event),
    scanned: z.number().int().describe('Commits looked through'),
    next_cursor: z.string().optional(),
    seq: seqOutput,
  }),
  async run(given, call: Call<Services>) {
    const { documents } = call.services;
    const wrong = unknownFilter(given);
    if (wrong !== undefined) return wrong;
    const [seq, unknown] = await documents.read((view) => [view.seq, unknownStream(view, given)] as const);
    if (given.from !== undefined && given.to !== undefined && given.from > given.to) {
      return fail({ code: 'invalid-input', issues: [{ at: 'from', why: 'is after to' }] });
    }
    const found = await query(documents.store, given, seq, call.signal);
    return found.ok ? ok(withNote(found.value, unknown)) : found;
  },
});

const TYPES = Object.keys(eventTypes);
const KINDS = Object.keys(documentSchemas);

/** Refuses a type or a kind of stream that no event can have. */
function unknownFilter({ type, stream }: Input): Result<never> | undefined {
  if (type !== undefined && !TYPES.some((one) => matches(one, type, '.'))) {
    const prefixes = new Set(TYPES.map((one) => one.slice(0, one.indexOf('.') + 1)));
    return unknownWord('type', type, [...TYPES, ...prefixes]);
  }
  if (stream === undefined || stream === 'store') return undefined;
  if (stream.includes('/') && KINDS.includes(kindOf(stream))) return undefined;
  return unknownWord(
    'stream',
    kindOf(stream),
    KINDS.map((kind) => `${kind}/`),
  );
}

/** The line for a stream that does not exist, with the nearest; undefined if it does, or if a prefix is asked for. */
function unknownStream(view: View, { stream }: Input): string | undefined {
  if (stream === undefined || stream.endsWith('/') || view.version(stream) > 0) return undefined;
  const near = nearest(stream, view.streams(`${kindOf(stream)}/`));
  return `there is no stream ${quoted(stream)}${near.length === 0 ? '' : `; the nearest: ${near.join(', ')}`}`;
}

/** What emptied a whole answer: the filters that no event fits, else all of them together. */
function emptiedBy({ events, next, fits }: Page, given: Input, newest: number): string | undefined {
  if (events.length > 0 || next !== undefined || given.cursor !== undefined) return undefined;
  const filters = FILTERS.filter((name) => given[name] !== undefined);
  if (given.from !== undefined && given.from > newest) return `the newest event is that of seq ${newest}`;
  const alone = filters.filter((name) => fits[name] === 0);
  if (alone.length > 0) return alone.map((name) => `no event has ${name} ${quoted(given[name] ?? '')}`).join('; ');
  return filters.length < 2 ? undefined : `events fit each of ${filters.join(', ')}, but none fits all of them`;
}

const FILTERS = ['stream', 'type', 'author'] as const;

interface Page {
  events: EventRow[];
  chars: number;
  scanned: number;
  next: string | undefined;
  /** How many of the events looked through fit each filter by itself. */
  fits: Record<(typeof FILTERS)[number], number>;
}

async function query(
  store: Store,
  given: Input,
  newest: number,
  signal: AbortSignal,
): Promise<Result<object & Pick<Page, 'events' | 'scanned'> & { seq: number }>> {
  const fits = { stream: 0, type: 0, author: 0 };
  const page: Page = { events: [], chars: 0, scanned: 0, next: undefined, fits };
  const down = given.order === 'newest';
  // A cursor names the next event: the seq of its commit, and its index there.
  const [at, skip] = (given.cursor ?? '').split('.').map(Number);
  let low = given.from ?? 1;
  let high = Math.min(given.to ?? newest, newest);
  if (given.cursor !== undefined && at !== undefined) {
    if (down) high = Math.min(high, at);
    else low = Math.max(low, at);
  }
  let first = skip ?? 0;
  while (low <= high && page.next === undefined) {
    if (signal.aborted) return fail({ code: 'cancelled' });
    if (page.scanned >= MAX_SCANNED) {
      page.next = String(down ? high : low);
      break;
    }
    const from = down ? Math.max(low, high - SLICE + 1) : low;
    const to = down ? high : Math.min(high, low + SLICE - 1);
    const commits = (await store.readAll(from - 1, to - from + 1, signal)).filter((folded) => folded.seq <= to);
    takeCommits(page, given, down ? commits.reverse() : commits, at, first);
    first = 0;
    if (down) high = from - 1;
    else low = to + 1;
  }
  const { events, scanned, next } = page;
  const answer = { events, scanned, ...(next === undefined ? {} : { next_cursor: next }), seq: newest };
  return ok(withNote(answer, emptiedBy(page, given, newest)));
}

function takeCommits(
  page: Page,
  given: Input,
  commits: readonly FoldedCommit[],
  at: number | undefined,
  skip: number,
): void {
  for (const folded of commits) {
    page.scanned += 1;
    const { commit, seq } = folded;
    const by = isBy(commit.by, given.author);
    for (const [index, found] of commit.events.entries()) {
      if (seq === at && index < skip) continue;
      if (!fitsAll(page.fits, found, by, given)) continue;
      const row = rowOf(folded, found, given.patch === true);
      const chars = JSON.stringify(row).length + 1;
      const full = page.events.length >= given.limit || (page.events.length > 0 && page.chars + chars > ROWS_CHARS);
      if (full) {
        page.next = `${seq}.${index}`;
        return;
      }
      page.events.push(row);
      page.chars += chars;
    }
  }
}

function isBy(by: Author, author: string | undefined): boolean {
  return author === undefined || [by.user, by.session, by.agent, by.tool].includes(author);
}

/** Whether an event fits all filters; counts which ones it fits. */
function fitsAll(fits: Page['fits'], { stream, type }: StreamEvent, author: boolean, given: Input): boolean {
  const found = { author, stream: matches(stream, given.stream, '/'), type: matches(type, given.type, '.') };
  for (const name of FILTERS) fits[name] += Number(found[name]);
  return FILTERS.every((name) => found[name]);
}

function matches(name: string, wanted: string | undefined, end: string): boolean {
  if (wanted === undefined) return true;
  return wanted.endsWith(end) ? name.startsWith(wanted) : name === wanted;
}

function rowOf({ seq, commit }: FoldedCommit, found: StreamEvent, withPatch: boolean): EventRow {
  const { by, at } = commit;
  const who = [by.session ?? by.user, by.agent].filter((one) => one !== undefined).join('/');
  const row: EventRow = { seq, at, stream: found.stream, type: found.type, by: who, tool: by.tool };
  if (found.data !== undefined) row.data = shownData(found.data);
  if (!withPatch) return row;
  const { shown, cut } = shownOps(found.patch, PATCH_OPS, PATCH_CHARS);
  return {
    ...row,
    patch: shown.map((op) => ({ ...op, ...(op.value === undefined ? {} : { value: masked(op.value) }) })),
    ...(cut === undefined ? {} : { cut }),
  };
}

/** Hides the secret end of claims: a reader of the log must not be able to report in the holder's place. */
function masked(value: Json): Json {
  if (typeof value === 'string') return parseClaim(value) === undefined ? value : `${value.slice(0, -6)}…`;
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item)]));
}

function shownData(data: JsonObject): unknown {
  const text = JSON.stringify(data);
  return text.length <= DATA_CHARS
    ? copyJson(data)
    : { cut: true, characters: text.length, start: text.slice(0, DATA_CHARS / 2) };
}
