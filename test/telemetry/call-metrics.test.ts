// Figures of a process's calls: percentiles, failures, and paths by shape, in bounded memory.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePath } from '../../src/path/path.ts';
import { shapeOf } from '../../src/path/shape.ts';
import { CallMetrics } from '../../src/telemetry/call-metrics.ts';

const answer = { kind: 'answer' } as const;

describe('call metrics', () => {
  test('percentiles are right to within a tenth', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.05, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 400 }),
        (times) => {
          const metrics = new CallMetrics(0);
          for (const ms of times) metrics.record('state_get', ms, { kind: 'answer' });
          const [tool] = metrics.facts().tools;
          const sorted = [...times].sort((a, b) => a - b);
          for (const [share, found] of [
            [0.5, tool?.p50_ms],
            [0.95, tool?.p95_ms],
            [0.99, tool?.p99_ms],
          ] as const) {
            const exact = sorted[Math.max(0, Math.ceil(times.length * share) - 1)] ?? 0;
            expect(Math.abs((found ?? 0) - exact) / exact).toBeLessThan(0.11);
          }
          expect(tool?.max_ms).toBeCloseTo(sorted.at(-1) ?? 0, 2);
        },
      ),
      { seed: 20260104, numRuns: 200 },
    );
  });

  test('failures are counted by code and tool, bugs apart', () => {
    const metrics = new CallMetrics(0);
    metrics.record('a_b', 1, { kind: 'failure', code: 'unknown-run' });
    metrics.record('a_b', 1, { kind: 'failure', code: 'unknown-run' });
    metrics.record('a_b', 1, { kind: 'bug' });
    metrics.record('c_d', 0, { kind: 'answer' });
    const { tools, failures } = metrics.facts();
    expect(tools).toMatchObject([
      { tool: 'a_b', calls: 3, failures: 2, bugs: 1 },
      { tool: 'c_d', calls: 1, failures: 0 },
    ]);
    expect(failures).toEqual([{ code: 'unknown-run', tool: 'a_b', count: 2 }]);
  });
});

describe('shapes of paths', () => {
  test.each([
    ['$', '$'],
    ['', '$'],
    ['tasks.task-001.status', '$.tasks[*].status'],
    ["$.tasks['task-001'].status", '$.tasks[*].status'],
    ["$['tasks']['a b'].status", '$.tasks[*].status'],
    ['$.tasks[*].status', '$.tasks[*].status'],
    ['$.tasks.*.status', '$.tasks[*].status'],
    ['$.list[0].x', '$.list[*].x'],
    ['$.list[1:3]', '$.list[*]'],
    ["$.list[?(@.a == ']')].user_context", '$.list[*].user_context'],
    ['$..owner', '$..owner'],
    ['$ .a\n.b [0]\t..c', '$.a.b[*]..c'],
    ["$.a.['b']", '$.a.b'],
    ['$. ', '$[*]'],
    ["$.tasks[?@.tags[?@ == 'a]']].id", '$.tasks[*].id'],
    ['$.a..*', '$.a..[*]'],
    ['$.a..[0]', '$.a..[*]'],
    ["$.a['x','y']", '$.a[*]'],
    ['items.0', '$.items[*]'],
    ['a.b.c.d.e.f.g.h.i.j', '$.a.b.c.d.e.f.g.h…'],
    [`$.${'x'.repeat(40)}`, '$[*]'],
    ['$.a[', '$.a[*]'],
    ["$.a['never closed", '$.a[*]'],
    ['$.ключ', '$[*]'],
  ])('%s → %s', (path, shape) => {
    expect(shapeOf(path)).toBe(shape);
  });

  test('any text has a short shape of letters, and a path and its canonical form have the same', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 300 }), fc.stringMatching(/^[$.a-c0-2[\]'*]{0,20}$/)), (path) => {
        const shape = shapeOf(path);
        expect(shape.length).toBeLessThan(300);
        expect(shape).toMatch(/^\$(?:\.{1,2}[A-Za-z_]+|(?:\.\.)?\[\*\])*…?$/);
        const parsed = parsePath(path);
        if (parsed.ok && parsed.value.kind === 'simple') expect(shapeOf(parsed.value.text)).toBe(shape);
      }),
      { seed: 20260302, numRuns: 2_000 },
    );
  });

  test('calls are counted by shape, batches path by path, and failures with them', () => {
    const metrics = new CallMetrics(0);
    for (let at = 0; at < 600; at += 1) metrics.record('state_set', 1, answer, { path: `tasks.task-${at}.status` });
    metrics.record('state_set', 1, { kind: 'failure', code: 'path-refused' }, { path: 'tasks.t1.status' });
    metrics.record('state_get', 1, answer, {});
    metrics.record('state_batch', 1, answer, { operations: [{ path: 'a' }, { path: 'b.c' }, 7, null, { path: 1 }] });
    metrics.record('task_save', 1, answer, { path: 'not a path of state' });
    for (const input of [undefined, null, 7, { operations: 1 }, { path: {} }])
      metrics.record('state_get', 1, answer, input);
    expect(metrics.facts().paths).toEqual([
      { tool: 'state_set', path: '$.tasks[*].status', calls: 601, failures: 1 },
      { tool: 'state_get', path: '$', calls: 1, failures: 0 },
      { tool: 'state_batch', path: '$.a', calls: 1, failures: 0 },
      { tool: 'state_batch', path: '$.b.c', calls: 1, failures: 0 },
    ]);
  });

  test('shapes without end are counted as one', () => {
    const metrics = new CallMetrics(0);
    const word = (n: number): string => n.toString(26).replace(/[0-9]/g, (digit) => 'qrstuvwxyz'[Number(digit)] ?? '');
    for (let at = 0; at < 1_000; at += 1) metrics.record('state_get', 1, answer, { path: `field_${word(at)}` });
    metrics.record('state_get', 1, answer, { path: 'x'.repeat(1_000_000) });
    const { paths } = metrics.facts();
    expect(paths).toHaveLength(201);
    expect(paths[0]).toEqual({ tool: 'state_get', path: 'other', calls: 801, failures: 0 });
  });
});
