// docs/projects.md is true: its example is accepted, and it names every key that a configuration may have.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { configFaults, withDefaults } from '../../../src/domain/project/config.ts';
import { MAX_CONFIG_CHARS } from '../../../src/domain/project/save.ts';
import type { JsonObject } from '../../../src/json/json.ts';

const text = readFileSync(path.resolve(import.meta.dirname, '../../../docs/projects.md'), 'utf8');
const example: JsonObject = JSON.parse(/```json\n(.*?)```/s.exec(text)?.[1] ?? '{}');

/** The keys that are known where this one is not. */
function keysAt(config: JsonObject): string[] {
  const why = configFaults(config)[0]?.why ?? '';
  return (/^unknown key, use (.*)$/.exec(why)?.[1] ?? '').split(', ');
}

test('the example is a configuration that is accepted, with every key', () => {
  expect(configFaults(example)).toEqual([]);
  expect(JSON.stringify(example).length).toBeLessThan(MAX_CONFIG_CHARS);
  const known = keysAt({ zzzzzz: 1 });
  expect(known.length).toBeGreaterThan(7);
  expect(Object.keys(example).sort()).toEqual([...known].sort());
});

test('every key is explained', () => {
  const inside: JsonObject[] = [
    { global_settings: { zzzzzz: 1 } },
    { alerts: { zzzzzz: 1 } },
    { teams: { a: { zzzzzz: 1 } } },
    { pools: { a: { max: 1, zzzzzz: 1 } } },
    { resources: { a: { capacity: 1, zzzzzz: 1 } } },
    { policies: [{ tool: '*', decision: 'deny', zzzzzz: 1 }] },
    { policies: [{ tool: '*', decision: 'deny', when: { zzzzzz: 1 } }] },
  ];
  for (const key of inside.flatMap(keysAt)) expect(text, key).toContain(key);
  const { global_settings, alerts } = withDefaults(undefined);
  for (const value of [...Object.values(global_settings), ...Object.values(alerts)])
    expect(text).toContain(value.toLocaleString('en'));
});

test('every keyword of schemas is named', () => {
  const why = configFaults({ schemas: { '$.a': { zzzzzz: 1 } } })[0]?.why ?? '';
  const known = (/^unknown key, use (.*)$/.exec(why)?.[1] ?? '').split(', ');
  expect(known).toContain('pattern');
  const annotations = ['title', 'description', 'default', 'examples', '$comment', '$schema'];
  for (const keyword of known) if (!annotations.includes(keyword)) expect(text, keyword).toContain(`\`${keyword}\``);
});
