// Which files a store has, told apart by name: documents by stream, what was set aside, what a process left behind.
// Links are never followed. Used by the checks of verify.ts, by adopt.ts and by redact/redact.ts.

import { documentPath, OWN_FOLDERS } from '../../store/file/caches/documents-on-disk.ts';
import { type Disk, errnoOf, type FileStat } from '../../store/file/disk.ts';

/** Everything that Baton makes in a store, and nothing else: the directory may hold what is not ours. */
const FOLDERS = ['log', 'blobs', 'alive', 'sessions', 'runs', 'channels', 'shared'];

export interface FoundFile {
  /** Relative to the store, with `/`. */
  path: string;
  stat: FileStat;
}

/** The store's directory and all that is in Baton's folders. A folder that cannot be read is as good as empty here. */
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

/** What a path in a document folder is: the stream's document, a version of it that was set aside, or neither. */
export function documentOf(path: string): { stream: string; aside: boolean } | undefined {
  const match = /^(.+\.json)(\.(?:edited|newer)-\d+)?$/.exec(path);
  const plain = match?.[1];
  const stream = plain === undefined ? undefined : streamAt(plain);
  // The one rule for where documents are decides, so that the two never disagree.
  if (stream === undefined || documentPath(stream) !== plain) return undefined;
  return { stream, aside: match?.[2] !== undefined };
}

/** The stream whose document would be there, if there can be one. */
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
