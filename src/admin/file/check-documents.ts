// Checks the readable documents against the documents that the log folds into. The files are read before the log, so
// each must equal some version that the log then shows: a document is written only once its commit is durable. Used by
// verify.ts.

import { diff } from '../../json/diff.ts';
import { isObject, type Json } from '../../json/json.ts';
import { deepEqual } from '../../json/merge.ts';
import { DocumentFiles, type FileState } from '../../store/file/caches/documents-on-disk.ts';
import type { Disk, FileStat } from '../../store/file/disk.ts';
import { makerOf } from '../../store/file/temporary-name.ts';
import { documentOf, type FoundFile, isInDocumentFolder } from './files.ts';
import type { Finding } from './findings.ts';
import { operationText } from './patch-text.ts';
import type { Rebuilder, RebuiltDocument } from './rebuilt.ts';

const SHOWN_DIFFERENCES = 5;

interface Waiting {
  path: string;
  state: FileState;
  /** The version stated in the file; undefined if it states none. */
  version: number | undefined;
}

export class DocumentCheck {
  current = 0;
  older = 0;
  edited = 0;
  orphans = 0;
  /** Files that could not be compared, because the log could not be read to its end. */
  unjudged = 0;
  readonly findings: Finding[] = [];
  private readonly waiting = new Map<string, Waiting>();
  private readonly matched = new Map<string, number>();

  constructor(disk: Disk, dir: string, files: readonly FoundFile[]) {
    const documents = new DocumentFiles(disk, dir);
    for (const { path, stat } of files) {
      if (stat.isDirectory || !isInDocumentFolder(path)) continue;
      const found = documentOf(path);
      if (found === undefined) this.noteForeign(path);
      else if (found.aside) this.noteAside(path);
      else
        this.wait(path, found.stream, documents.read(found.stream), () => statedVersion(disk, `${dir}/${path}`, stat));
    }
  }

  /** Called after each commit, for each document that it changed. */
  see(stream: string, rebuilt: RebuiltDocument): void {
    const waiting = this.waiting.get(stream);
    if (waiting === undefined || waiting.version !== rebuilt.version) return;
    this.waiting.delete(stream);
    const { state, path } = waiting;
    if (state.kind === 'edited') {
      this.noteEdited(path, rebuilt.doc, state.doc);
    } else if (state.kind === 'sound') {
      const { head, seq, doc } = state.snapshot;
      if (head === rebuilt.head && seq === rebuilt.seq && deepEqual(doc, rebuilt.doc))
        this.matched.set(stream, rebuilt.version);
      else this.noteWrong(path, rebuilt.doc, doc);
    }
  }

  /** Called once, after the last readable line; `whole` is true if the log was read to its end without a fault. */
  finish(rebuilder: Rebuilder, whole: boolean): void {
    for (const [stream, version] of this.matched) {
      if (rebuilder.documents.get(stream)?.version === version) this.current += 1;
      else this.older += 1;
    }
    for (const [stream, waiting] of this.waiting) {
      const rebuilt = rebuilder.documents.get(stream);
      if (!whole) this.unjudged += 1;
      else if (rebuilt === undefined) this.noteOrphan(waiting);
      else if (waiting.state.kind === 'edited') this.noteEdited(waiting.path, rebuilt.doc, waiting.state.doc);
      else if ((waiting.version ?? 0) > rebuilt.version) this.noteAhead(waiting, rebuilt.version);
      else if (waiting.state.kind === 'sound') this.noteWrong(waiting.path, rebuilt.doc, waiting.state.snapshot.doc);
    }
  }

  private wait(path: string, stream: string, state: FileState, stated: () => number | undefined): void {
    if (state.kind === 'absent') return;
    const version = state.kind === 'sound' ? state.snapshot.version : stated();
    this.waiting.set(stream, { path, state, version });
  }

  private noteEdited(where: string, before: Json | undefined, after: Json | undefined): void {
    this.edited += 1;
    const finding: Finding = {
      level: 'trouble',
      code: 'document-edited',
      where,
      what:
        after === undefined
          ? 'is not what Baton wrote, and cannot be read as a document any more'
          : 'was edited by hand: the log does not know it, so nothing rests on it',
      next:
        after === undefined
          ? 'baton doctor --rebuild-documents writes it afresh and keeps this one beside it'
          : `baton doctor --adopt ${where} makes the edit a commit; --rebuild-documents goes back to what the log ` +
            `says and keeps the edit beside it`,
    };
    if (after !== undefined) finding.differs = differences(before, after);
    this.findings.push(finding);
  }

  private noteWrong(where: string, before: Json | undefined, after: Json): void {
    this.findings.push({
      level: 'trouble',
      code: 'document-wrong',
      where,
      what: 'was written by Baton, but the log makes something else of it',
      next: 'baton doctor --rebuild-documents writes it afresh; please report it, with this text',
      differs: differences(before, after),
    });
  }

  private noteAhead({ path, version }: Waiting, known: number): void {
    this.findings.push({
      level: 'damage',
      code: 'document-ahead',
      where: path,
      what: `knows version ${version}, and the log only ${known}: the log has lost commits`,
      next: 'restore a backup that has them (baton restore); this file holds what is known of them, so keep it',
    });
  }

  private noteOrphan({ path, state }: Waiting): void {
    this.orphans += 1;
    const ours = state.kind === 'sound';
    this.findings.push({
      level: ours ? 'damage' : 'trouble',
      code: 'document-orphan',
      where: path,
      what: ours
        ? 'was written by Baton, but this log has nothing of it: it belongs to another store, or the log has lost ' +
          'commits'
        : 'belongs to no stream of the log',
      next: ours
        ? 'if it came from another store, move it away; else restore a backup that has it (baton restore)'
        : 'move it away: nothing reads it',
    });
  }

  private noteAside(where: string): void {
    this.findings.push({
      level: 'note',
      code: 'document-aside',
      where,
      what: 'was set aside when Baton wrote the document afresh',
      next: `baton doctor --adopt ${where}, or delete it`,
    });
  }

  private noteForeign(where: string): void {
    if (makerOf(where) !== undefined) return;
    this.findings.push({ level: 'note', code: 'foreign-file', where, what: 'is not a file of Baton' });
  }
}

function differences(before: Json | undefined, after: Json): string[] {
  const { ops, cut } = diff(before, after, SHOWN_DIFFERENCES);
  const lines = ops.map((op) => operationText(op));
  return cut ? [...lines, '…'] : lines;
}

function statedVersion(disk: Disk, path: string, stat: FileStat): number | undefined {
  // Do not read a pipe in a document's place, which would block.
  if (!stat.isFile) return undefined;
  try {
    const parsed: unknown = JSON.parse(disk.readFile(path).toString('utf8'));
    return isObject(parsed) && typeof parsed.version === 'number' ? parsed.version : undefined;
  } catch {
    // The file is no JSON any more, or cannot be read: it states no version.
    return undefined;
  }
}
