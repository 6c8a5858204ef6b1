// Environment variables that a node may set: an allow-list, because no list of dangerous ones is ever complete (a HOME
// makes git run an alias, MAKEFLAGS and TAR_OPTIONS a command). Called by the executor of the kind `command`, and again
// by runner/process/environment.ts when a process starts.

import { refusedVariable } from '../../base/variable-names.ts';

/** Variables that any node may set: they change what a program prints, not which code it runs. */
export const PLAIN_VARIABLES = [
  'LANG',
  'LC_*',
  'TZ',
  'CI',
  'NO_COLOR',
  'FORCE_COLOR',
  'CLICOLOR',
  'CLICOLOR_FORCE',
  'COLUMNS',
  'LINES',
  'NODE_ENV',
  'RUST_BACKTRACE',
  'PYTHONUNBUFFERED',
  'SOURCE_DATE_EPOCH',
] as const;

/** A value of a plain variable: no place in the file system, which libraries of C would read. */
const PLAIN_VALUE = /^(?![:/])(?!.*\.\.)[\w .,:;@%+=/<>-]*$/;

/** Whether a node may set the variable on any server. */
export function isPlainVariable(name: string, value: string): boolean {
  return listed(name, PLAIN_VARIABLES) && PLAIN_VALUE.test(value);
}

/** Whether a node may set the variable on a server that was started with this list: names, and prefixes with a star. */
export function mayBeSet(name: string, value: string, admitted: readonly string[]): boolean {
  if (refusedVariable(name) !== undefined || value.includes('\0')) return false;
  return listed(name, admitted) || isPlainVariable(name, value);
}

function listed(name: string, list: readonly string[]): boolean {
  return list.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
}
