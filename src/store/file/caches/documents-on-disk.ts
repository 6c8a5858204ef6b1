// The readable documents: one JSON file per stream, for people, for jq, and as a cache of the fold. A file is used only
// if its sum fits; one edited by hand is set aside and reported, never silently used or lost. Used by file-store.ts and
// admin/file.

import type { Json } from '../../../json/json.ts';
import { sumOf } from '../../commit.ts';
import type { Snapshot } from '../../port.ts';
import { idOf, isStreamName, kindOf } from '../../stream.ts';
import { type Disk, errnoOf, replaceFileGently, syncDirectoryGently } from '../disk.ts';
import { ownFolder } from '../own-folder.ts';

/** Documents up to this size are indented, for people; larger ones are written compactly, for speed. */
const PRETTY_LIMIT_BYTES = 256 * 1024;

export const OWN_FOLDERS: Record<string, string> = {
  session: 'sessions',
  run: 'runs',
  channel: 'channels',
  alias: 'shared/aliases',
  registry: 'shared/registries',
};

/** What reading a document's file has found. */
export type FileState =
  | { kind: 'sound'; snapshot: Snapshot }
  | { kind: 'absent' }
  /** Its bytes are not those that Baton wrote; `doc` is the document in it, if it still parses as one. */
  | { kind: 'edited'; doc?: Json };

/**
 * The path of a stream's document, relative to the store; undefined for a request stream, which has no file, and for an
 * invalid name.
 */
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
  /** Folders with new names in them that are not synced yet. */
  private readonly unsynced = new Set<string>();

  constructor(disk: Disk, dir: string) {
    this.disk = disk;
    this.dir = dir;
  }

  /**
   * Writes a document; its name is durable after `syncFolders`. Its text is made before the first wait, so the document
   * may change meanwhile. Contract: the log is durable up to the document's seq. Keeps a file with a later seq, which
   * another process has written, and one for which `keeps` is true; sets an edited file aside. `keeps` is asked before
   * anything is written, and again if the file has changed before it is replaced. Throws FailureError `store-unsafe` if
   * its folder is no directory.
   */
  async write(
    snapshot: Snapshot,
    durable: boolean,
    keeps: (before: FileState) => boolean = () => false,
  ): Promise<void> {
    const relative = documentPath(snapshot.stream);
    if (relative === undefined) return;
    const path = `${this.dir}/${relative}`;
    const folder = path.slice(0, path.lastIndexOf('/'));
    const isNewer = (): boolean => {
      const before = this.read(snapshot.stream);
      if (keeps(before) || (before.kind === 'sound' && before.snapshot.seq > snapshot.seq)) return false;
      if (before.kind === 'edited') this.keepAside(path, 'edited');
      return true;
    };
    if (!isNewer()) return;
    const bytes = [Buffer.from(encode(snapshot))];
    this.ensureFolder(folder, durable);
    const seen = this.stampOf(path);
    const mayReplace = () => this.stampOf(path) === seen || isNewer();
    const options = { mode: 0o400, durable, nameLater: true, mayReplace };
    try {
      await replaceFileGently(this.disk, path, bytes, options);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      // Somebody deleted the folder: make it again. Its other documents return when they change next.
      this.made.delete(folder);
      if (!isNewer()) return;
      this.ensureFolder(folder, durable);
      await replaceFileGently(this.disk, path, bytes, options);
    }
    if (durable) this.unsynced.add(folder);
  }

  /** Tells whether a file was replaced or changed between two looks. */
  private stampOf(path: string): string {
    const stat = this.disk.stat(path);
    return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
  }

  /** Makes the names of all documents written so far durable, with one sync per folder instead of one per document. */
  async syncFolders(): Promise<void> {
    for (const folder of this.unsynced) {
      // Before the sync: a document that is written meanwhile puts its folder back.
      this.unsynced.delete(folder);
      try {
        if (this.disk.stat(folder) !== undefined) await syncDirectoryGently(this.disk, folder);
      } catch (error) {
        this.unsynced.add(folder);
        throw error;
      }
    }
  }

  read(stream: string): FileState {
    const relative = documentPath(stream);
    if (relative === undefined) return { kind: 'absent' };
    const path = `${this.dir}/${relative}`;
    try {
      const stat = this.disk.stat(path);
      if (stat === undefined) return { kind: 'absent' };
      // Somebody put a link, a directory or a pipe in its place: do not follow it, nor wait for it.
      if (!stat.isFile) return { kind: 'edited' };
      return decode(stream, this.disk.readFile(path).toString('utf8'));
    } catch (error) {
      // Treat an unreadable file as absent: it is a cache, and the log has everything.
      if (errnoOf(error) === undefined) throw error;
      return { kind: 'absent' };
    }
  }

  private ensureFolder(folder: string, durable: boolean): void {
    // Look each time, at the folder above too: either may have been replaced by a link since.
    const above = folder.slice(0, folder.lastIndexOf('/'));
    if (above !== this.dir) ownFolder(this.disk, above);
    const stat = ownFolder(this.disk, folder);
    if (this.made.has(folder) && stat !== undefined) return;
    if (stat === undefined) {
      this.disk.mkdir(folder);
      for (let at = folder; durable && at !== this.dir; ) {
        at = at.slice(0, at.lastIndexOf('/'));
        this.unsynced.add(at);
      }
    }
    this.made.add(folder);
  }

  /** Renames a file that Baton did not write, or that the log does not know, before the next version replaces it. */
  private keepAside(path: string, because: 'edited' | 'newer'): void {
    this.disk.rename(path, `${path}.${because}-${Date.now()}`);
  }

  /** Sets aside a document with a commit that the log does not have: it may be the last trace of that commit. */
  setAsideNewer(stream: string): void {
    const relative = documentPath(stream);
    if (relative !== undefined) this.keepAside(`${this.dir}/${relative}`, 'newer');
  }
}

function encode(snapshot: Snapshot): string {
  const { stream, seq, version, head, doc } = snapshot;
  const compact = JSON.stringify(doc);
  const pretty = compact.length <= PRETTY_LIMIT_BYTES;
  const text = pretty ? JSON.stringify(doc, null, 2).replaceAll('\n', '\n  ') : compact;
  const body =
    `{\n  "stream": ${JSON.stringify(stream)},\n  "seq": ${seq},\n  "version": ${version},\n  "head": "` +
    `${head}",\n  "document": ${text}`;
  return `${body},\n  "sum": "${sumOf(body)}"\n}\n`;
}

function decode(stream: string, text: string): FileState {
  const end = /,\n {2}"sum": "([0-9a-f]{16})"\n}\n$/.exec(text.slice(-40));
  const body = end === null ? undefined : text.slice(0, text.length - (end[0]?.length ?? 0));
  if (body === undefined || sumOf(body) !== end?.[1]) return edited(text);
  const parsed = parse(`${body}}`);
  return isFile(parsed) && parsed.stream === stream
    ? {
        kind: 'sound',
        snapshot: { stream, seq: parsed.seq, version: parsed.version, head: parsed.head, doc: parsed.document },
      }
    : { kind: 'edited' };
}

function edited(text: string): FileState {
  const parsed = parse(text);
  return isFile(parsed) ? { kind: 'edited', doc: parsed.document } : { kind: 'edited' };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isFile(
  value: unknown,
): value is { stream: string; seq: number; version: number; head: string; document: Json } {
  if (typeof value !== 'object' || value === null || !('document' in value)) return false;
  if (!('stream' in value) || !('seq' in value) || !('version' in value) || !('head' in value)) return false;
  return typeof value.seq === 'number' && typeof value.version === 'number' && typeof value.head === 'string';
}
