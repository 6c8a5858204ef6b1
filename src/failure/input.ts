// Failures of what a caller sent: arguments, paths and values.

import { quoted, visible } from '../base/display.ts';
import { because, type FailureTable, near, type Of } from './table.ts';

type InputCode =
  | 'invalid-input'
  | 'unknown-tool'
  | 'path-refused'
  | 'path-reserved'
  | 'path-blocked'
  | 'value-refused'
  | 'schema-violated'
  | 'too-large';

export const inputFailures: FailureTable<InputCode> = {
  'invalid-input': {
    kind: 'input',
    what: ({ issues }) => `The input was refused (${issuesOf(issues).join(' | ')})`,
    why: ({ expected }) => (expected && expected.length > 0 ? `expected: ${expected.map(visible).join(', ')}` : ''),
    next: 'correct it and repeat the call; nothing was done',
  },
  'unknown-tool': {
    kind: 'input',
    what: ({ tool }) => `There is no tool ${quoted(tool)}`,
    why: near,
    next: 'call one of the tools that tools/list names',
  },
  'path-refused': {
    kind: 'input',
    what: ({ path }) => `The path ${quoted(path)} was refused`,
    why: because,
    next: "use a path such as $.tasks['task-1'].status, or list keys with state_get {keys_only: true}",
  },
  'path-reserved': {
    kind: 'input',
    what: ({ path }) => `The path ${quoted(path)} cannot be written directly`,
    why: ({ owner }) => `it belongs to ${visible(owner)}`,
    next: ({ call }) => `call ${visible(call)} instead`,
  },
  'path-blocked': {
    kind: 'input',
    what: ({ path }) => `The path ${quoted(path)} cannot be created`,
    why: (f) => `there is ${visible(f.found)} at ${quoted(f.at)}${wayOut(f).why}`,
    next: (f) => `${wayOut(f).next}, or choose another path`,
  },
  'value-refused': {
    kind: 'input',
    what: ({ at }) => `The value at ${quoted(at)} was refused`,
    why: because,
    next: 'change that value and repeat the call',
  },
  'schema-violated': {
    kind: 'input',
    what: ({ path }) => `The change would leave ${quoted(path)} in a state that the project does not allow`,
    why: ({ schema, rule, found }) =>
      `its schema of ${quoted(schema)} asks for ${visible(rule)}, found ${visible(found)}`,
    next:
      'send what fits, several changes at once with state_batch; project_get shows the schemas, project_save ' +
      'changes them',
  },
  'too-large': {
    kind: 'input',
    // `the value, in bytes`: the unit stands between two commas.
    what: ({ what }) => `${visible(/, in [^,]*$/.test(what) ? `${what},` : what)} is too large`,
    why: ({ actual, limit }) =>
      actual === undefined ? `the limit is ${limit}` : `it is ${actual}, the limit is ${limit}`,
    next: ({ instead }) => visible(instead),
  },
};

function issuesOf(issues: Of<'invalid-input'>['issues']): string[] {
  const shown = issues
    .slice(0, 10)
    .map((issue) => (issue.at === '' ? visible(issue.why) : `${visible(issue.at)}: ${visible(issue.why)}`));
  return issues.length > shown.length ? [...shown, `and ${issues.length - shown.length} more`] : shown;
}

/** Why a path is blocked, and what the caller can do, by the value in its way. */
function wayOut({ at, found }: Of<'path-blocked'>): { why: string; next: string } {
  const look = `(look with state_get {path: ${quoted(at)}})`;
  const size = /^an array of (\d+)$/.exec(found)?.[1];
  if (found === 'nothing')
    return { why: ', and an index needs an array there', next: `state_set {path: ${quoted(at)}} to an array first` };
  if (size !== undefined) return { why: `, whose places are [0] to [${size}]`, next: `name one of these ${look}` };
  if (found === 'an object') return { why: ', whose places have names, not indexes', next: `name one ${look}` };
  return { why: '', next: `look with state_get {path: ${quoted(at)}}, then state_set that value to an object` };
}
