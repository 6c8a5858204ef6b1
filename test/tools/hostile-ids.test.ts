// Hostile ids: every text argument of every tool takes names that are no file names, and is answered or refused with
// words; a throw would be told as `internal`.

import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isId } from '../../src/base/safe-id.ts';
import { tools } from '../../src/tools/index.ts';
import { type Answer, TeamRig, type Window } from '../team-rig.ts';

/** What a file system, a schema of ids or an object would take for something else. */
const hostile = [
  'x.lock',
  'con',
  'aux.txt',
  'a..b',
  '..',
  '.',
  'a.',
  'x.json',
  'com1',
  '-a',
  'a/b',
  'A b',
  'é',
  '__proto__',
  'constructor',
  'ses-x.lock',
  'tsk-a..b',
  'run-con.lock/n',
  'prj-1',
  'prj-1.lock',
  'dec-x.lock',
  'agent:x.lock',
  'channel:a..b',
  'session:con',
  'session:x.lock',
  'msg-x.lock-1',
  'x.lock#1',
  'x.lock/a..b#1',
  'run-1/a..b#1',
  'ho-x.lock',
  'a'.repeat(64),
  `${'a'.repeat(60)}.lock`,
  'lck-x.lock',
  'nul:1',
];

type Schema = {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
};

/** What each tool is called with around the one argument under test: enough that its command is reached. */
const around: Record<string, Answer> = {
  decision_open: { title: 'which', options: ['one', 'two'] },
  graph_check: { nodes: [{ id: 'a', kind: 'agent', task: 'do' }] },
  hook_event: { hook_event_name: 'SubagentStart', agent_id: 'a' },
  lock_acquire: { lock: 'build' },
  message_send: { to: 'agent:main', text: 'hello' },
  run_start: { nodes: [{ id: 'a', kind: 'agent', task: 'do' }] },
  run_report: { claim: 'run-1/a#1' },
  registry_save: { kind: 'agent', id: 'reviewer' },
  state_set: { path: '$.x', value: 1 },
};

/** What an item of a list has beside the text under test, where its schema alone does not make it whole. */
const items: Record<string, Answer> = {
  plan_save: { key: 'k', title: 'a task' },
  state_batch: { op: 'set', path: '$.x', value: 1 },
};
/** Tools whose only text is no name. */
const NO_NAMES = ['session_list'];

/** Each place of a text, and of a name of a record, in a schema, as a function from a text to the value around it. */
function* places(schema: Schema, item: Answer = {}): Generator<{ at: string; put: (text: string) => unknown }> {
  if (schema.type === 'string' && schema.enum === undefined && schema.const === undefined) {
    yield { at: '', put: (text) => text };
  }
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    for (const { at, put } of places(part, item)) {
      yield { at: `.${key}${at}`, put: (text) => ({ ...(least(schema) as object), [key]: put(text) }) };
    }
  }
  if (schema.items !== undefined) {
    for (const { at, put } of places(schema.items, item)) {
      const whole = (text: string) =>
        schema.items?.type === 'object' ? { ...item, ...(put(text) as object) } : put(text);
      yield { at: `[]${at}`, put: (text) => [whole(text)] };
    }
  }
  if (typeof schema.additionalProperties === 'object') {
    const value = schema.additionalProperties;
    yield { at: '.{name}', put: (text) => Object.fromEntries([[text, least(value)]]) };
    for (const { at, put } of places(value, item)) yield { at: `.{}${at}`, put: (text) => ({ some: put(text) }) };
  }
  for (const part of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) yield* places(part, item);
}

/** The least value that a schema takes. */
function least(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const one = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (one !== undefined) return least(one);
  if (schema.type === 'object') {
    return Object.fromEntries((schema.required ?? []).map((key) => [key, least(schema.properties?.[key] ?? {})]));
  }
  if (schema.type === 'array') return [];
  if (schema.type === 'string') return 'x';
  if (schema.type === 'boolean') return true;
  return schema.type === 'null' ? null : 1;
}

let window: Window;
beforeAll(async () => {
  window = await new TeamRig().window('one', { beta: 'worker' });
});

describe.each(tools.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
  const schema = z.toJSONSchema(tool.input, { io: 'input', unrepresentable: 'any' }) as Schema;
  const found = [...places(schema, items[name])];
  test.runIf(found.length > 0)(`no text that is no id makes it throw (${found.length} places)`, async () => {
    const thrown: string[] = [];
    const reached: string[] = [];
    for (const { at, put } of found) {
      for (const text of hostile) {
        const args = { ...(around[name] ?? {}), ...(put(text) as object) };
        const result = await window.run(name, args).catch((error: Error) => {
          thrown.push(`${at} = ${text}: ${error.message}`);
        });
        if (result !== undefined && (result.ok || result.failure.code !== 'invalid-input')) reached.push(at);
      }
    }
    expect(thrown).toEqual([]);
    expect(reached.length > 0 || NO_NAMES.includes(name)).toBe(true);
  });
});

/** Every name that a caller may choose, where it chooses it. */
const chosen: [what: string, tool: string, args: (name: string) => object][] = [
  ['a lock', 'lock_acquire', (lock) => ({ lock })],
  ['an entry of the registry', 'registry_save', (id) => ({ kind: 'tool', id })],
  ['an agent to report to', 'registry_save', (id) => ({ kind: 'agent', id: 'beta', reports_to: id })],
  ['an agent', 'session_update', (name) => ({ agent: { name } })],
  ['a channel to write to', 'message_send', (name) => ({ to: `channel:${name}`, text: 'hello' })],
  ['a channel to read', 'message_read', (join) => ({ join })],
  ['a saved graph', 'graph_check', (name) => ({ ...around.graph_check, save_as: name })],
];

describe.each(chosen)('%s', (_, tool, args) => {
  test.each(hostile.filter((name) => !isId(name)))('is not called %j, and the refusal tells the rule', async (name) => {
    expect(JSON.stringify(await window.fail(tool, args(name)))).toContain('not ending in \\".\\", \\".lock\\"');
  });
  test.each(['x', 'x-1.b_c', 'con-x', 'a.lock.b', '0'])('may be called %j', async (name) => {
    const result = await window.run(tool, args(name));
    expect(result.ok || result.failure.code).not.toBe('invalid-input');
  });
});

test('an entry of the registry whose stream would end as a lock file does is refused with words', async () => {
  for (const id of ['lock', 'json'])
    expect(await window.fail('registry_save', { kind: 'tool', id })).toMatchObject({ code: 'invalid-input' });
});
