// Lists the files of a store, and tells from a path which document it is. Never follows links. Used by verify.ts and
// its checks, by adopt.ts and by redact/redact.ts.

import { documentPath, OWN_FOLDERS } from '../../store/file/caches/documents-on-disk.ts';
import { type Disk, errnoOf, type FileStat } from '../../store/file/disk.ts';

/** The folders that Baton creates in a store. Other files in the directory are not Baton's, and are ignored. */
const FOLDERS = ['log', 'blobs', 'alive', 'sessions', 'runs', 'channels', 'shared'];

export interface FoundFile {
  /** Relative to the store, with `/`. */
  path: string;
  stat: FileStat;
}

/** All files and folders in Baton's folders, and the checkpoint. An unreadable folder counts as empty. */
export function listFiles(disk: Disk, dir: string): FoundFile[] {
  const found: FoundFile[] = [];
  const look = (path: string): void => {
    const stat = disk.stat(`${dir}/${path}`);
    if (stat === undefined) return;
    found.push({ path, stat });
    if (!stat.isDirectory) return;
    try {
      for (const name of disk.readdir(`${dir}/${path}`)) look(`${path}/${name}`);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
    }
  };
  for (const name of [...FOLDERS, 'checkpoint.json']) look(name);
  return found;
}

/**
 * The stream of a path in a document folder, and whether it is a version that was set aside; undefined if it is no
 * document.
 */
export function documentOf(path: string): { stream: string; aside: boolean } | undefined {
  const match = /^(.+\.json)(\.(?:edited|newer)-\d+)?$/.exec(path);
  const plain = match?.[1];
  const stream = plain === undefined ? undefined : streamAt(plain);
  // Check with `documentPath`, so that the two directions never disagree.
  if (stream === undefined || documentPath(stream) !== plain) return undefined;
  return { stream, aside: match?.[2] !== undefined };
}

/** The stream that may have its document at this path; `documentPath` decides. */
function streamAt(path: string): string | undefined {
  if (path === 'shared/store.json') return 'store';
  const plain = path.slice(0, -'.json'.length);
  for (const [kind, folder] of Object.entries(OWN_FOLDERS))
    if (plain.startsWith(`${folder}/`)) return `${kind}${plain.slice(folder.length)}`;
  const [, kind, id] = /^shared\/([^/]+)s\/(.+)$/.exec(plain) ?? [];
  return kind === undefined ? undefined : `${kind}/${id}`;
}

export function isInDocumentFolder(path: string): boolean {
  return /^(sessions|runs|channels|shared)\//.test(path);
}
