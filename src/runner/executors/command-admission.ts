// Decides whether a command node may run in this process, and where: by the start options of the server, never by the
// graph. Used by command.ts.

import { realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { staysInside } from '../../graph/kinds/command.ts';

export type Admission = { ok: true } | { ok: false; why: string };

/**
 * Checks the program against the list the server was started with. A bare name ("npm") must be listed as a bare name,
 * and is then searched on the server's own PATH; a name with a slash must be listed exactly as written. There are no
 * patterns. An empty list admits nothing: command nodes are off.
 */
export function commandAllowed(argv: readonly string[], allowList: readonly string[]): Admission {
  const [program] = argv;
  if (program === undefined || program === '') return { ok: false, why: 'the command is empty' };
  if (allowList.length === 0) return { ok: false, why: 'this server was started without an allow-list for commands' };
  if (allowList.includes(program)) return { ok: true };
  const how = /[/\\]/.test(program) ? 'with exactly this path' : 'by this name';
  return { ok: false, why: `"${program}" is not on the server's allow-list ${how}; listed: ${allowList.join(', ')}` };
}

/**
 * The absolute directory of a node's `cwd`, symbolic links resolved; refused if it is missing or outside the workspace.
 */
export function resolveWorkdir(workspace: string, cwd = '.'): { ok: true; path: string } | { ok: false; why: string } {
  if (!staysInside(cwd)) return { ok: false, why: 'the directory lies outside the workspace' };
  try {
    const root = realpathSync(workspace);
    const path = realpathSync(join(root, cwd));
    const way = relative(root, path);
    const outside = way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
    return outside ? { ok: false, why: 'the directory lies outside the workspace' } : { ok: true, path };
  } catch {
    return { ok: false, why: 'the directory does not exist' };
  }
}
