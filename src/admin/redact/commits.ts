// Redacts one commit, or one blob: takes out values by path and texts. Keeps the events and their streams, so that
// versions and ids keep their meaning. Used by redact.ts.

import { hash } from 'node:crypto';
import { FailureError } from '../../failure/failure.ts';
import type { Json, JsonObject } from '../../json/json.ts';
import type { PatchOp } from '../../json/patch.ts';
import { formatPointer, parsePointer } from '../../json/pointer.ts';
import type { Commit, StreamEvent } from '../../store/commit.ts';
import { kindOf } from '../../store/stream.ts';
import { type RedactPath, type Removed, redactOps, withoutCopies } from './paths.ts';
import { REDACTED, type Spot, Texts } from './texts.ts';

export interface Wanted {
  /** The stream to whose document the paths apply, or a prefix of streams that ends in `/`. */
  stream: string | undefined;
  paths: readonly RedactPath[];
  /** Texts to take out of every commit and blob. */
  texts: readonly string[];
}

/** The keys of a session's document that are Baton's; agents own all others. */
const SESSION_KEYS = new Set(['schema', 'session', 'execution']);
const BLOB_NAME = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

export class CommitRedaction {
  readonly texts: Texts;
  /** Number of values taken out, per path. */
  readonly values: number[];
  /** Number of commits from which something was taken out; `blobs` likewise. */
  commits = 0;
  blobs = 0;
  /** Number of stored answers of requests taken out with their commits. */
  answers = 0;
  private readonly wanted: Wanted;
  private readonly source: (sha256: string) => Buffer | undefined;
  /** The new name of each blob, by its old one; `origins` maps the other way. */
  private readonly renamed = new Map<string, string>();
  private readonly origins = new Map<string, string>();

  constructor(wanted: Wanted, blob: (sha256: string) => Buffer | undefined) {
    this.wanted = wanted;
    this.source = blob;
    this.texts = new Texts(wanted.texts);
    this.values = wanted.paths.map(() => 0);
  }

  /**
   * Returns the redacted commit; undefined for a commit to the stream `store` alone, of which the new store has its
   * own. Throws FailureError `invalid-input` if a text cannot be removed.
   */
  commit(commit: Commit): Commit | undefined {
    if (commit.events.length > 0 && commit.events.every(({ stream }) => stream === 'store')) return undefined;
    const before = JSON.stringify(commit.events);
    const removed: Removed = new Set();
    let events = commit.events.map((event) => this.withoutValues(event, removed));
    if (removed.size > 0) events = events.map((event) => withData(event, (data) => withoutCopies(data, removed)));
    const by = { ...commit.by };
    if (this.texts.any) {
      for (const name of Object.keys(commit.expect)) this.refuseName(name);
      events = events.map((event) => this.withoutTexts(event));
      for (const key of ['user', 'agent'] as const) {
        const name = by[key];
        if (name !== undefined) by[key] = this.string(name);
      }
    }
    if (JSON.stringify(events) === before) return { ...commit, by, events };
    this.commits += 1;
    return { ...commit, by, events: events.map((event) => this.withoutAnswer(event)) };
  }

  /** The bytes of a blob by its new name; undefined if the source does not have it. */
  blob(sha256: string): Buffer | undefined {
    const origin = this.origins.get(sha256) ?? sha256;
    const bytes = this.source(origin);
    return bytes === undefined || origin === sha256 ? bytes : this.withoutTextsIn(origin, bytes);
  }

  private withoutValues(event: StreamEvent, removed: Removed): StreamEvent {
    const { stream, paths } = this.wanted;
    const here = stream?.endsWith('/') ? event.stream.startsWith(stream) : event.stream === stream;
    if (!here) return event;
    let patch = event.patch;
    for (const [at, path] of paths.entries()) {
      const done = redactOps(patch, path, removed);
      patch = done.ops;
      this.values[at] = (this.values[at] ?? 0) + done.count;
    }
    return { ...event, patch };
  }

  private withoutTexts(event: StreamEvent): StreamEvent {
    const { stream } = event;
    this.refuseName(stream);
    const patch = event.patch.map((op): PatchOp => {
      const tokens = parsePointer(op.path);
      const [top] = tokens;
      const spot: Spot = { name: stream, free: isFree(stream, top) };
      const path = formatPointer(tokens.map((token) => this.texts.key(token, spot)));
      if (op.op === 'remove') return { ...op, path };
      return { ...op, path, value: this.value(op.value, spot) };
    });
    return withData({ ...event, patch }, (data) => this.value(data, { name: stream, free: false }));
  }

  private value(value: Json, spot: Spot): Json {
    return this.texts.value(this.withNewNames(value), spot);
  }

  private string(text: string): string {
    return this.texts.string(this.withNewNames(text) as string);
  }

  /** Replaces the names of blobs in a value by their new names. */
  private withNewNames(value: Json): Json {
    if (typeof value === 'string')
      return value.length < 64 ? value : value.replace(BLOB_NAME, (name) => this.nameNow(name));
    if (Array.isArray(value)) return value.map((item) => this.withNewNames(item));
    if (typeof value !== 'object' || value === null) return value;
    const copy: JsonObject = {};
    for (const [key, item] of Object.entries(value)) copy[key] = this.withNewNames(item);
    return copy;
  }

  /**
   * The new name of a blob. The recursion ends, because blobs cannot name each other in a circle: a hash is known only
   * after its bytes.
   */
  private nameNow(sha256: string): string {
    const known = this.renamed.get(sha256);
    if (known !== undefined) return known;
    const bytes = this.source(sha256);
    const after = bytes === undefined ? undefined : this.withoutTextsIn(sha256, bytes);
    const name = after === undefined || after === bytes ? sha256 : hash('sha256', after);
    this.renamed.set(sha256, name);
    if (name !== sha256) {
      this.blobs += 1;
      this.origins.set(name, sha256);
    }
    return name;
  }

  /** The redacted bytes of a blob; the same Buffer if nothing was taken out. */
  private withoutTextsIn(sha256: string, bytes: Buffer): Buffer {
    const text = bytes.toString('latin1');
    const names = [...new Set(text.match(BLOB_NAME) ?? [])].filter((name) => this.nameNow(name) !== name);
    if (names.length === 0 && !this.texts.inBytes(bytes)) return bytes;
    const parsed = parse(bytes);
    if (parsed !== undefined)
      return Buffer.from(JSON.stringify(this.value(parsed, { name: `blobs/${sha256}`, free: false })));
    return this.texts.bytes(
      Buffer.from(
        text.replace(BLOB_NAME, (name) => this.nameNow(name)),
        'latin1',
      ),
    );
  }

  /**
   * Replaces the stored answer of a request, which may repeat a value taken out, and the hash of its arguments, by
   * which values could be guessed. The request cannot be repeated afterwards: no arguments have the new hash.
   */
  private withoutAnswer(event: StreamEvent): StreamEvent {
    if (kindOf(event.stream) !== 'request') return event;
    this.answers += 1;
    const value = { schema: 1, arguments: REDACTED, answer: REDACTED };
    return { ...event, patch: [{ op: 'add', path: '', value }] };
  }

  private refuseName(stream: string): void {
    if (!this.texts.in(stream)) return;
    const why = `it is part of the name of a document (${stream}): names are kept, since all else refers to them`;
    throw new FailureError({ code: 'invalid-input', issues: [{ at: '--text', why }] });
  }
}

function withData(event: StreamEvent, change: (data: Json) => Json): StreamEvent {
  return event.data === undefined ? event : { ...event, data: change(event.data) as JsonObject };
}

function isFree(stream: string, top: string | undefined): boolean {
  return kindOf(stream) === 'session' && top !== undefined && !SESSION_KEYS.has(top);
}

function parse(bytes: Buffer): Json | undefined {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch {
    return undefined;
  }
}
