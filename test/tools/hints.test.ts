// Every hint is a call that helps: each call that a failure names is made, where that failure happened. After it the
// failed call succeeds, or the hinted one is for looking and answers. hint-rows.ts has the failures.

import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { failureLine } from '../../src/failure/describe.ts';
import type { FailureCode } from '../../src/failure/failure.ts';
import { tools } from '../../src/tools/index.ts';
import type { Answer } from '../team-rig.ts';
import { type Call, hintRows, type Row } from './hint-rows.ts';

const byName = new Map(tools.map((tool) => [tool.name, tool]));

/** The calls that a text names: a tool, with arguments as in `plan_list {kind: "task", text: …}`, or without any. */
function callsIn(text: string): Call[] {
  return [...text.matchAll(/\b([a-z]+_[a-z]+)\b(?= ?(\{.*)?)/gs)].flatMap(([, name = '', rest]): Call[] =>
    byName.has(name) ? [[name, rest === undefined ? {} : argumentsIn(rest)]] : [],
  );
}

/** The arguments of a hinted call; those that are placeholders (`…`, or a name alone) are left out. */
function argumentsIn(text: string): Answer {
  let depth = 0;
  let end = 0;
  for (const [at, one] of [...text].entries()) {
    if ('{['.includes(one)) depth += 1;
    if ('}]'.includes(one)) depth -= 1;
    if (depth === 0) {
      end = at + 1;
      break;
    }
  }
  const json = text
    .slice(0, end)
    .replace(/([{,]\s*)([a-z_]+)(?=\s*[,}])/g, '$1"$2": "…"')
    .replace(/([{,]\s*)([a-z_]+)\s*:/g, '$1"$2":')
    .replace(/(?<!")…(?!")/g, '"…"');
  const isPlaceholder = (value: unknown): boolean => JSON.stringify(value).includes('…');
  return Object.fromEntries(Object.entries(JSON.parse(json) as Answer).filter(([, value]) => !isPlaceholder(value)));
}

const rows = Object.entries(hintRows).flatMap(([code, list]) =>
  Array.isArray(list) ? list.map((row) => [code as FailureCode, row.what, row] as const) : [],
);

/** The failed call in a new store, and what its failure's line names. */
async function failed(code: FailureCode, row: Row) {
  const { window, call } = await row.make();
  const failure = await window.fail(...call);
  expect(failure.code).toBe(code);
  return { window, call, hinted: callsIn(failureLine(failure)), line: failureLine(failure) };
}

describe.each(rows)('%s: %s', (code, _, row) => {
  test('every hinted call helps', async () => {
    const first = await failed(code, row);
    if (row.corrected !== undefined) {
      await first.window.call(...row.corrected);
    } else {
      expect(first.hinted, first.line).not.toEqual([]);
    }
    for (const [at, [name]] of first.hinted.entries()) {
      const { window, call, hinted, line } = await failed(code, row);
      const args = { ...hinted[at]?.[1], ...row.fill?.[name] };
      const answer = await window.call(name, args);
      const again = await window.run(...(row.again?.(call, answer, name) ?? call));
      const isLook = byName.get(name)?.annotations.readOnly === true || row.looks?.includes(name) === true;
      expect(again.ok || isLook, `${name} ${JSON.stringify(args)} of: ${line}`).toBe(true);
    }
  });
});

test('a failure that is held elsewhere is held by a file that names it', () => {
  for (const [code, entry] of Object.entries(hintRows)) {
    if (!Array.isArray(entry))
      expect(fs.readFileSync(entry.in, 'utf8'), `${entry.in}: ${code}`).toContain(entry.says ?? code);
  }
});

test('the calls that a text names are read', () => {
  expect(callsIn('call plan_list {kind: "task", text: …} or graph_check {save_as}, then state_get')).toEqual([
    ['plan_list', { kind: 'task' }],
    ['graph_check', {}],
    ['state_get', {}],
  ]);
});
