// The trace file: whole lines from any number of writers, bounded size, private mode, and no failed call because of it.

import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { childOf, parseTraceparent, traceparentOf } from '../../../src/telemetry/traces/context.ts';
import { INTERNAL, type Span, tracesLine } from '../../../src/telemetry/traces/otlp.ts';
import { TraceFile } from '../../../src/telemetry/traces/trace-file.ts';
import { freshDir } from '../../e2e/rig.ts';
import { readLine, readSpans } from './otlp-reader.ts';

const scope = { name: 'test', version: '0' };
const files: TraceFile[] = [];
afterEach(async () => {
  for (const file of files.splice(0)) await file.close();
});

function span(name: string, more: Partial<Span> = {}): Span {
  return { context: childOf(undefined), name, kind: INTERNAL, startMs: 1, endMs: 2, attributes: {}, ...more };
}

function traceFile(target: string, more: { maxBytes?: number; onTrouble?: (error: unknown) => void } = {}): TraceFile {
  const onTrouble = (error: unknown): void => {
    throw error;
  };
  const file = new TraceFile({ path: target, resource: { 'service.name': 'test' }, scope, onTrouble, ...more });
  files.push(file);
  return file;
}

function named(text: string): string[] {
  return readSpans(text).map(({ name }) => name);
}

test('what any span holds is read back by a strict reader', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 400 });
  const attribute = fc.oneof(anyText, fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z][a-z.]{0,20}$/), attribute, { maxKeys: 5 }),
      fc.double({ min: 0, max: 4e12, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.option(anyText, { nil: undefined }),
      (attributes, startMs, ms, error) => {
        const parentSpanId = 'b7ad6b7169203331';
        const given = span('any', { attributes, startMs, endMs: startMs + ms, error, parentSpanId, remote: true });
        const line = tracesLine({ 'process.pid': 7 }, scope, [given]);
        expect(line).not.toContain('\n');
        const [read] = readLine(line);
        expect(read).toMatchObject({ ...given.context, flags: 0x301, parentSpanId, resource: { 'process.pid': 7 } });
        expect(Number(read?.start) / 1e6).toBeCloseTo(startMs, 2);
        expect(read?.status.code).toBe(error === undefined ? 0 : 2);
        expect(Object.keys(read?.attributes ?? {})).toEqual(Object.keys(attributes));
      },
    ),
    { seed: 20260301, numRuns: 300 },
  );
});

test('trace contexts are taken strictly, and written as version 00', () => {
  const sound = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const context = parseTraceparent(sound);
  expect(context).toEqual({ traceId: sound.slice(3, 35), spanId: sound.slice(36, 52), flags: 1 });
  expect(context && traceparentOf(context)).toBe(sound);
  expect(parseTraceparent(`cc${sound.slice(2)}-more`)).toEqual(context);
  expect(childOf(context)).toMatchObject({ traceId: context?.traceId, flags: 1 });
  for (const wrong of [
    `${sound}-more`,
    `ff${sound.slice(2)}`,
    sound.toUpperCase(),
    sound.replace(/[0-9a-f]{32}/, '0'.repeat(32)),
    sound.replace('b7ad6b7169203331', '0'.repeat(16)),
    sound.slice(0, -1),
    '',
    7,
    null,
    ['00'],
  ]) {
    expect(parseTraceparent(wrong), String(wrong)).toBeUndefined();
  }
});

test('several writers fill and rotate one file: every line whole, no span twice, two files at most', async () => {
  const dir = freshDir();
  const target = path.join(dir, 'spans.jsonl');
  const maxBytes = 40_000;
  const writers = Array.from({ length: 4 }, () => traceFile(target, { maxBytes }));
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(
      writers.map((writer, at) => {
        for (let index = 0; index < 8; index += 1) writer.add(span(`${at} ${round} ${index}`));
        return writer.flush();
      }),
    );
  }
  expect(fs.readdirSync(dir).sort()).toEqual(['spans.jsonl', 'spans.jsonl.1']);
  const all = ['spans.jsonl.1', 'spans.jsonl'].map((name) => fs.readFileSync(path.join(dir, name), 'utf8'));
  for (const text of all) expect(text.length).toBeLessThan(2 * maxBytes);
  const names = all.flatMap(named);
  expect(new Set(names).size).toBe(names.length);
  // What was rotated away twice is gone, and nothing else: the newest are all there.
  expect(names.slice(-32).sort()).toEqual(
    [0, 1, 2, 3].flatMap((at) => [0, 1, 2, 3, 4, 5, 6, 7].map((index) => `${at} 19 ${index}`)),
  );
  const counts = writers.map((writer) => writer.counts());
  expect(counts).toEqual(writers.map(() => ({ written: 160, dropped: 0 })));
  expect(fs.statSync(target).mode & 0o777).toBe(0o600);
});

test('a new process that finds the file full rotates it and drops nothing', async () => {
  const target = path.join(freshDir(), 'spans.jsonl');
  fs.writeFileSync(target, `${'x'.repeat(2_000)}\n`);
  const file = traceFile(target, { maxBytes: 2_000 });
  file.add(span('first'));
  await file.flush();
  expect(file.counts()).toEqual({ written: 1, dropped: 0 });
  expect(named(fs.readFileSync(target, 'utf8'))).toEqual(['first']);
  expect(fs.statSync(`${target}.1`).size).toBe(2_001);
});

test('half a line that somebody left stays alone, and a file that was taken away is made again', async () => {
  const target = path.join(freshDir(), 'spans.jsonl');
  fs.writeFileSync(target, '{"resourceSpans":[{"reso');
  const file = traceFile(target);
  file.add(span('one'));
  await file.flush();
  const [, ...lines] = fs.readFileSync(target, 'utf8').split('\n');
  expect(named(lines.join('\n'))).toEqual(['one']);
  fs.rmSync(target);
  file.add(span('two'));
  await file.flush();
  expect(named(fs.readFileSync(target, 'utf8'))).toEqual(['two']);
});

test('a lock that a crash left does not stop rotation for ever, and the file stays below twice its size', async () => {
  const target = path.join(freshDir(), 'spans.jsonl');
  const file = traceFile(target, { maxBytes: 2_000 });
  fs.writeFileSync(`${target}.lock`, '');
  for (let index = 0; index < 30; index += 1) {
    file.add(span(`n${index}`));
    await file.flush();
  }
  expect(fs.existsSync(`${target}.1`)).toBe(false);
  expect(fs.statSync(target).size).toBeLessThan(4_400);
  expect(file.counts().dropped).toBeGreaterThan(0);
  fs.utimesSync(`${target}.lock`, 0, 0);
  for (const name of ['a', 'b']) {
    file.add(span(name));
    await file.flush();
  }
  expect(named(fs.readFileSync(target, 'utf8'))).toContain('b');
  expect(fs.existsSync(`${target}.1`)).toBe(true);
});

test('a file that cannot be used is reported once, and spans are dropped and counted', async () => {
  const dir = freshDir();
  fs.symlinkSync(path.join(dir, 'elsewhere'), path.join(dir, 'link'));
  for (const target of [path.join(dir, 'missing', 'spans.jsonl'), path.join(dir, 'link'), dir]) {
    const troubles: unknown[] = [];
    const file = traceFile(target, { onTrouble: (error) => troubles.push(error) });
    for (let index = 0; index < 3; index += 1) {
      file.add(span('lost'));
      await file.flush();
    }
    expect(troubles).toHaveLength(1);
    expect(file.counts()).toEqual({ written: 0, dropped: 3 });
  }
  expect(fs.existsSync(path.join(dir, 'elsewhere'))).toBe(false);
});

test('more spans than may wait are dropped and counted', async () => {
  const target = path.join(freshDir(), 'spans.jsonl');
  const file = traceFile(target);
  for (let index = 0; index < 5_000; index += 1) file.add(span('many'));
  await file.flush();
  expect(file.counts()).toEqual({ written: 4_096, dropped: 904 });
  expect(named(fs.readFileSync(target, 'utf8'))).toHaveLength(4_096);
});
