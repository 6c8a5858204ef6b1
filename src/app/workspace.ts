// Finds the project and workspace of a directory. A project is a git common directory, so two worktrees are two
// workspaces of one project. Reads git's files and runs no program. Called once per process by services.ts or by the
// verb statusline.

import { hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Workspace } from '../domain/session/document.ts';

/**
 * The workspace of a directory, with its absolute `root`. A directory outside of git is a project of its own. The
 * stored `directory` has `~` in place of `home`.
 */
export function findWorkspace(directory: string, home: string): Workspace & { root: string } {
  const start = realPath(directory);
  const found = findGit(start);
  const root = found?.root ?? start;
  const common = found?.common ?? start;
  return {
    root,
    project: `prj-${shortHash(common)}`,
    projectName: projectName(common),
    workspace: `wsp-${shortHash(root)}`,
    directory: withTilde(root, home),
  };
}

function findGit(from: string): { root: string; common: string } | undefined {
  for (let at = from; ; at = path.dirname(at)) {
    const common = commonDirectory(path.join(at, '.git'));
    if (common !== undefined) return { root: at, common };
    if (path.dirname(at) === at) return undefined;
  }
}

/** `.git` is the common directory, or in a worktree a file that names a directory whose `commondir` file names it. */
function commonDirectory(git: string): string | undefined {
  const stat = statOf(git);
  if (stat === undefined) return undefined;
  if (stat.isDirectory()) return realPath(git);
  const named = /^gitdir: (.+)$/m.exec(readText(git) ?? '')?.[1];
  if (named === undefined) return undefined;
  const own = path.resolve(path.dirname(git), named.trim());
  const common = readText(path.join(own, 'commondir'))?.trim();
  return realPath(common === undefined ? own : path.resolve(own, common));
}

/** `demo` for `…/demo/.git` and for the bare `…/demo.git`: the same in every worktree of a project. */
function projectName(common: string): string {
  const named = path.basename(common) === '.git' ? path.dirname(common) : common;
  return path.basename(named, '.git') || 'root';
}

function withTilde(directory: string, home: string): string {
  // The directory has its symbolic links resolved, so compare with the home directory as given and resolved.
  for (const named of [home, home === '' ? '' : realPath(home)]) {
    if (named === '' || named === '/') continue;
    if (directory === named || directory.startsWith(`${named}${path.sep}`)) return `~${directory.slice(named.length)}`;
  }
  return directory;
}

/** Undefined also for a file that cannot be examined: no permission above the home directory, a loop of links. */
function statOf(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function shortHash(text: string): string {
  return hash('sha256', text).slice(0, 10);
}

function realPath(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
