// The readable documents: one JSON file per stream, for people, for jq, and as a cache of the fold. A file is believed
// only if its own sum holds; one edited by hand is kept aside and reported, never silently used or lost.

import type { Json } from '../../json/json.ts';
import { sumOf } from '../commit.ts';
import type { Snapshot } from '../port.ts';
import { idOf, isStreamName, kindOf } from '../stream.ts';
import { type Disk, replaceFile } from './disk.ts';

/** Documents up to this size are written with indentation, for people; larger ones compactly, for speed. */
const PRETTY_LIMIT_BYTES = 256 * 1024;

const OWN_FOLDERS: Record<string, string> = { session: 'sessions', run: 'runs', channel: 'channels' };

/** What a document file turned out to be. */
export type FileState =
  | { kind: 'sound'; snapshot: Snapshot }
  | { kind: 'absent' }
  /** Its bytes are not what Baton wrote; `doc` if they still parse. */
  | { kind: 'edited'; doc?: Json };

/** Where a stream's document is, relative to the store; undefined for streams without one (requests: the log has them). */
export function documentPath(stream: string): string | undefined {
  if (!isStreamName(stream) || stream.startsWith('request/')) return undefined;
  if (stream === 'store') return 'shared/store.json';
  const kind = kindOf(stream);
  return `${OWN_FOLDERS[kind] ?? `shared/${kind}s`}/${idOf(stream)}.json`;
}

export class DocumentFiles {
  private readonly disk: Disk;
  private readonly dir: string;
  private readonly made = new Set<string>();

  constructor(disk: Disk, dir: string) {
    this.disk = disk;
    this.dir = dir;
  }

  /** Writes a document durably. Contract: everything up to its seq is durable in the log. */
  write(snapshot: Snapshot, durable: boolean): void {
    const relative = documentPath(snapshot.stream);
    if (relative === undefined) return;
    const path = `${this.dir}/${relative}`;
    this.ensureFolder(path.slice(0, path.lastIndexOf('/')));
    this.keepEdited(path, snapshot.stream);
    replaceFile(this.disk, path, Buffer.from(encode(snapshot)), { mode: 0o400, durable });
  }

  read(stream: string): FileState {
    const relative = documentPath(stream);
    if (relative === undefined) return { kind: 'absent' };
    const path = `${this.dir}/${relative}`;
    const stat = this.disk.stat(path);
    if (stat === undefined || stat.isSymbolicLink) return { kind: 'absent' };
    return decode(stream, this.disk.readFile(path).toString('utf8'));
  }

  private ensureFolder(folder: string): void {
    if (this.made.has(folder)) return;
    if (this.disk.stat(folder) === undefined) this.disk.mkdir(folder);
    this.made.add(folder);
  }

  /** What somebody wrote by hand is moved aside before the next version takes its place. */
  private keepEdited(path: string, stream: string): void {
    if (this.disk.stat(path) === undefined || this.read(stream).kind !== 'edited') return;
    this.disk.rename(path, `${path}.edited-${Date.now()}`);
  }
}

function encode(snapshot: Snapshot): string {
  const { stream, seq, version, head, doc } = snapshot;
  const compact = JSON.stringify(doc);
  const pretty = compact.length <= PRETTY_LIMIT_BYTES;
  const text = pretty ? JSON.stringify(doc, null, 2).replaceAll('\n', '\n  ') : compact;
  const body = `{\n  "stream": ${JSON.stringify(stream)},\n  "seq": ${seq},\n  "version": ${version},\n  "head": "${head}",\n  "document": ${text}`;
  return `${body},\n  "sum": "${sumOf(body)}"\n}\n`;
}

function decode(stream: string, text: string): FileState {
  const end = /,\n {2}"sum": "([0-9a-f]{16})"\n}\n$/.exec(text.slice(-40));
  const body = end === null ? undefined : text.slice(0, text.length - (end[0]?.length ?? 0));
  if (body === undefined || sumOf(body) !== end?.[1]) return edited(text);
  const parsed: unknown = JSON.parse(`${body}}`);
  return isFile(parsed) && parsed.stream === stream
    ? { kind: 'sound', snapshot: { stream, seq: parsed.seq, version: parsed.version, head: parsed.head, doc: parsed.document } }
    : { kind: 'edited' };
}

function edited(text: string): FileState {
  try {
    const parsed: unknown = JSON.parse(text);
    return isFile(parsed) ? { kind: 'edited', doc: parsed.document } : { kind: 'edited' };
  } catch {
    return { kind: 'edited' };
  }
}

function isFile(value: unknown): value is { stream: string; seq: number; version: number; head: string; document: Json } {
  if (typeof value !== 'object' || value === null || !('document' in value)) return false;
  if (!('stream' in value) || !('seq' in value) || !('version' in value) || !('head' in value)) return false;
  return typeof value.seq === 'number' && typeof value.version === 'number' && typeof value.head === 'string';
}
