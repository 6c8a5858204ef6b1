// The project and workspace of a directory, found by reading git's files.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findWorkspace } from '../../src/app/workspace.ts';
import { freshDir } from '../e2e/rig.ts';

const root = freshDir();
const folder = (...names: string[]): string => {
  const made = path.join(root, ...names);
  fs.mkdirSync(made, { recursive: true });
  return made;
};
const git = (cwd: string, ...args: string[]) =>
  execFileSync(
    'git',
    ['-c', 'user.name=t', '-c', 'user.email=t@t.invalid', '-c', 'protocol.file.allow=always', ...args],
    { cwd, stdio: 'ignore' },
  );

test('a folder of a repository is its workspace; outside of git a folder is its own project', () => {
  const repo = folder('home', 'demo');
  git(repo, 'init');
  const home = path.join(root, 'home');
  const inside = findWorkspace(folder('home', 'demo', 'src', 'deep'), home);
  expect(inside).toEqual({ ...findWorkspace(repo, home), directory: '~/demo', projectName: 'demo', root: repo });
  const plain = findWorkspace(folder('plain'), home);
  expect(plain).toMatchObject({ projectName: 'plain', directory: path.join(root, 'plain') });
  expect(plain.project).not.toBe(inside.project);
  expect(findWorkspace(path.join(root, 'not-there'), home)).toMatchObject({ projectName: 'not-there' });
});

test('worktrees of a bare repository are workspaces of one project of one name', () => {
  const source = folder('source');
  git(source, 'init');
  git(source, 'commit', '--allow-empty', '-m', 'x');
  git(root, 'clone', '--bare', source, 'tool.git');
  git(path.join(root, 'tool.git'), 'worktree', 'add', '../one', '-b', 'one');
  git(path.join(root, 'tool.git'), 'worktree', 'add', '../two', '-b', 'two');
  const [one, two] = [findWorkspace(path.join(root, 'one'), ''), findWorkspace(path.join(root, 'two'), '')];
  expect(one.project).toBe(two.project);
  expect(one.workspace).not.toBe(two.workspace);
  expect([one.projectName, two.projectName]).toEqual(['tool', 'tool']);
});

test('a submodule is a project of its own', () => {
  const library = folder('library');
  git(library, 'init');
  git(library, 'commit', '--allow-empty', '-m', 'x');
  const main = folder('main-app');
  git(main, 'init');
  git(main, 'submodule', 'add', library, 'vendored');
  const inner = findWorkspace(path.join(main, 'vendored'), '');
  expect(inner).toMatchObject({ projectName: 'vendored', root: path.join(main, 'vendored') });
  expect(inner.project).not.toBe(findWorkspace(main, '').project);
});

test('a home directory that is a link is written as ~ all the same', () => {
  const real = folder('data', 'me', 'work');
  fs.symlinkSync(path.join(root, 'data', 'me'), path.join(root, 'link'));
  expect(findWorkspace(real, path.join(root, 'link')).directory).toBe('~/work');
  expect(findWorkspace(path.join(root, 'link', 'work'), path.join(root, 'link')).directory).toBe('~/work');
  expect(findWorkspace(folder('data', 'me2'), path.join(root, 'data', 'me')).directory).toBe(
    path.join(root, 'data', 'me2'),
  );
});

test('a .git that cannot be read is none', () => {
  const loop = folder('loop');
  fs.symlinkSync('.git', path.join(loop, '.git'));
  expect(findWorkspace(loop, '')).toMatchObject({ projectName: 'loop', root: loop });
  const odd = folder('odd');
  fs.writeFileSync(path.join(odd, '.git'), 'not a pointer');
  expect(findWorkspace(odd, '')).toMatchObject({ projectName: 'odd' });
});
