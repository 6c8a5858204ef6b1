// A random log over several segments, with every kind of line: void, torn and late lines, commits of several events,
// requests old and new, clocks that differ, compressed segments. Used by the tests of index files.

import fs from 'node:fs';
import { vi } from 'vitest';
import type { Json } from '../../src/json/json.ts';
import { type EncodedCommit, type Expected, encodeCommit, type StreamEvent } from '../../src/store/commit.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { BY } from './commits.ts';
import { linesOf, openStore, segmentFile } from './places.ts';

const STREAMS = ['session/s-1', 'session/s-2', 'task/t-1', 'task/t-2', 'counter/p-1/task', 'channel/c', '__proto__'];

/** Fills `dir` and returns the first seqs of its sealed segments. `random` gives numbers in [0, 1). Takes weeks. */
export async function writeLongLog(dir: string, random: () => number): Promise<number[]> {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.parse('2026-03-01T08:00:00Z') });
  try {
    return await writeFor(dir, random);
  } finally {
    vi.useRealTimers();
  }
}

async function writeFor(dir: string, random: () => number): Promise<number[]> {
  const store = openStore(dir, { segmentBytes: 1 });
  const below = (limit: number) => Math.floor(random() * limit);
  const segments: number[] = [];
  for (let segment = 0, n = 0; segment < 6; segment += 1) {
    const first = store.log.segment;
    for (let commits = 4 + below(20); commits > 0; commits -= 1, n += 1) {
      vi.advanceTimersByTime(below(12 * 3_600_000));
      store.refresh();
      store.append([randomCommit(store, n, random)]);
      // Somebody who lost a race or repeats an old request, and somebody who died within a write.
      const known = segments.length > 0 && random() < 0.5 ? (segments[below(segments.length)] ?? first) : first;
      const lines = linesOf(dir, known);
      if (random() < 0.2) fs.appendFileSync(segmentFile(dir, first), `\n${lines[below(lines.length)]}\n`);
      if (random() < 0.1) fs.appendFileSync(segmentFile(dir, first), '\n{"id":"torn","at":"20\n');
    }
    if (segment === 5) break;
    await store.upkeep.seal();
    segments.push(first);
    // Somebody who has not noticed the seal.
    if (random() < 0.5) fs.appendFileSync(segmentFile(dir, first), `\n${linesOf(dir, first)[0]}\n`);
  }
  if (random() < 0.5) await (await store.upkeep.mark()).save();
  await store.upkeep.index();
  if (random() < 0.8) await store.upkeep.compress();
  await store.close();
  return segments;
}

function randomCommit(store: FileStore, n: number, random: () => number): EncodedCommit {
  const streams = random() < 0.2 ? [] : STREAMS.filter(() => random() < 0.25);
  // A request alone is what only its own head makes void.
  if (streams.length === 0 || random() < 0.3) streams.push(`request/r-${n}`);
  const expect: Record<string, Expected> = Object.create(null);
  for (const stream of streams) expect[stream] = store.expected(stream);
  const events: StreamEvent[] = streams.flatMap((stream) => {
    const [version = 0] = expect[stream] ?? [];
    const event = (path: string, value: Json): StreamEvent => ({
      stream,
      type: 'test.set',
      patch: [{ op: 'add', path, value }],
    });
    const first = version === 0 ? event('', { n }) : event(`/k${n % 7}`, 'é'.repeat(Math.floor(random() * 60)));
    return random() < 0.2 && !stream.startsWith('request/') ? [first, event('/again', n)] : [first];
  });
  // Some clocks are days behind, or ahead.
  const at = new Date(Date.now() + Math.floor((random() - 0.6) ** 7 * 400 * 86_400_000)).toISOString();
  const body = { id: `c-${n}`, at: random() < 0.03 ? 'today' : at, by: BY, seen: store.seen(), expect, events };
  return encodeCommit(body);
}
