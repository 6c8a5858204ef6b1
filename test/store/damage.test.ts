// Damage to a log from outside: every cut and every flipped byte of a small log, lines removed, swapped or given a new
// sum, seals lost, files moved away under a running process, documents edited by hand.

import { hash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FailureError } from '../../src/failure/failure.ts';
import { encodeSeal, sumOf, TRAILER_BYTES } from '../../src/store/commit.ts';
import { realDisk } from '../../src/store/file/disk.ts';
import type { FileStore } from '../../src/store/file/file-store.ts';
import { STORE_FORMAT } from '../../src/store/formats.ts';
import { BY, commitOf, put, stateOf } from './commits.ts';
import { linesOf, openStore, segmentFile, temporaryPlace } from './places.ts';

const places: { remove(): void }[] = [];
const stores: FileStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => undefined);
  for (const place of places.splice(0)) place.remove();
});

function newPlace(): string {
  const place = temporaryPlace();
  places.push(place);
  return place.dir;
}

function open(dir: string, options: Parameters<typeof openStore>[1] = {}): FileStore {
  const store = openStore(dir, options);
  stores.push(store);
  return store;
}

/** A small closed store: `count` commits over two streams after the first line. */
async function small(count = 4): Promise<{ dir: string; bytes: Buffer; states: object[] }> {
  const dir = newPlace();
  const store = open(dir);
  const states: object[] = [stateOf(store)];
  for (let n = 1; n <= count; n += 1) {
    await put(store, `task/t-${n % 2}`, n);
    states.push(stateOf(store));
  }
  await store.close();
  return { dir, bytes: fs.readFileSync(segmentFile(dir)), states };
}

function withLog(bytes: Uint8Array, checkpoint?: string): string {
  const dir = newPlace();
  fs.mkdirSync(join(dir, 'log'), { recursive: true });
  fs.writeFileSync(segmentFile(dir), bytes);
  if (checkpoint !== undefined) fs.copyFileSync(checkpoint, join(dir, 'checkpoint.json'));
  return dir;
}

function withLines(lines: readonly string[]): string {
  return withLog(Buffer.from(lines.map((line) => `\n${line}\n`).join('')));
}

function resigned(line: string, from: string, to: string): string {
  const body = line.slice(0, -TRAILER_BYTES).replace(from, to);
  return `${body}, "sum":"${sumOf(body)}"}`;
}

function stopped(dir: string) {
  return open(dir, { durability: 'none' }).info().stopped;
}

async function saveCheckpoint(store: FileStore): Promise<void> {
  await (await store.upkeep.mark()).save();
}

async function sealNow(dir: string): Promise<void> {
  const store = open(dir, { segmentBytes: 1 });
  expect(await store.upkeep.seal()).toBe(true);
  await store.close();
}

describe('a log cut short', () => {
  it('at every byte is a prefix of what it was, and takes new commits', { timeout: 60_000 }, async () => {
    const { bytes, states } = await small(3);
    for (let end = 0; end < bytes.length; end += 1) {
      const store = open(withLog(bytes.subarray(0, end)), { durability: 'none' });
      expect(store.info().stopped, `cut at ${end}`).toBeUndefined();
      // The first line is made anew where it was cut, so what is left is some state the store once had.
      expect(states, `cut at ${end}`).toContainEqual(stateOf(store));
      expect(await put(store, 'task/new', end), `cut at ${end}`).toMatchObject({ kind: 'won' });
      const again = open(store.info().place, { durability: 'none' });
      expect(again.info().stopped, `cut at ${end}, reopened`).toBeUndefined();
      expect(stateOf(again)).toEqual(stateOf(store));
      for (const opened of stores.splice(0)) await opened.close();
      for (const place of places.splice(1)) place.remove();
    }
  });

  it('below a checkpoint is damage at every byte', async () => {
    const { dir } = await small(3);
    const store = open(dir);
    await saveCheckpoint(store);
    const bytes = fs.readFileSync(segmentFile(dir));
    for (let end = 0; end < bytes.length - 1; end += 7) {
      const failure = stopped(withLog(bytes.subarray(0, end), join(dir, 'checkpoint.json')));
      expect(failure, `cut at ${end}`).toMatchObject({ code: 'store-damaged' });
    }
  });
});

describe('a checkpoint', () => {
  it('spares an opener what lies before it, damaged or not; reading that back reports it', async () => {
    const { dir } = await small(5);
    const store = open(dir);
    await saveCheckpoint(store);
    await put(store, 'task/t-9', 'after');
    const bytes = fs.readFileSync(segmentFile(dir));
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    fs.writeFileSync(segmentFile(dir), bytes);
    const later = open(dir);
    expect(later.info().stopped).toBeUndefined();
    expect(later.expected('task/t-9')).toEqual(store.expected('task/t-9'));
    expect(() => later.read('task/t-1', 1)).toThrow(FailureError);
    await expect(later.readAll(0, 10)).rejects.toBeInstanceOf(FailureError);
  });

  it('with any byte changed is believed no more than none', async () => {
    const { dir, states } = await small(3);
    const store = open(dir);
    await saveCheckpoint(store);
    const bytes = fs.readFileSync(join(dir, 'checkpoint.json'));
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = Buffer.from(bytes);
      changed[at] = (bytes[at] ?? 0) ^ (1 << (at % 7));
      fs.writeFileSync(join(dir, 'checkpoint.json'), changed);
      const again = open(dir, { durability: 'none' });
      expect(again.info().stopped, `byte ${at}`).toBeUndefined();
      expect(stateOf(again), `byte ${at}`).toEqual(states.at(-1));
      await again.close();
    }
  });
});

describe('a checkpoint of another log', () => {
  it('of the same length is not believed, and tells that the log was replaced', async () => {
    const [{ dir, bytes }, other] = [await small(3), await small(3)];
    expect(other.bytes.length).toBe(bytes.length);
    await saveCheckpoint(open(dir));
    expect(stopped(withLog(bytes, join(dir, 'checkpoint.json')))).toBeUndefined();
    expect(stopped(withLog(other.bytes, join(dir, 'checkpoint.json')))).toMatchObject({ code: 'store-damaged' });
  });
});

describe('a changed byte', () => {
  it('anywhere is reported by file and offset, or changes nothing', { timeout: 60_000 }, async () => {
    const { bytes, states } = await small(3);
    const ends = [...bytes.keys()].filter((at) => bytes[at] === 10);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      const store = open(withLog(changed), { durability: 'none' });
      const failure = store.info().stopped;
      const where = `byte ${at}, ${String.fromCharCode(bytes[at] ?? 0)}`;
      if (failure === undefined) {
        // Either all is there, or the last line (which nobody has vouched for since) is torn: a report, not silence.
        const whole = states.findIndex((state) => JSON.stringify(state) === JSON.stringify(stateOf(store)));
        expect(whole, where).toBeGreaterThanOrEqual(states.length - 2);
        // Without its newline the last line is one that is still being written.
        const unended = at === bytes.length - 1;
        if (whole < states.length - 1 && !unended) expect(store.log.torn.length + store.log.voids, where).toBe(1);
      } else {
        expect(failure, where).toMatchObject({ code: 'store-damaged' });
        const offset = failure.code === 'store-damaged' ? failure.offset : -1;
        expect(offset, where).toBeLessThanOrEqual(bytes.length);
        // Reported at the line itself, or at the next that knew it.
        const line = ends.filter((end) => end < at).length;
        expect(ends.filter((end) => end < offset).length, where).toBeGreaterThanOrEqual(line - 1);
        expect(() => store.append([commitOf(store, [{ stream: 'task/x', value: 1 }])]), where).toThrow(FailureError);
      }
      for (const opened of stores.splice(0)) await opened.close();
      for (const place of places.splice(1)) place.remove();
    }
  });
});

describe('a line', () => {
  it.each([
    ['removed', (lines: string[]) => lines.toSpliced(2, 1)],
    ['swapped with the next', (lines: string[]) => lines.toSpliced(2, 2, lines[3] ?? '', lines[2] ?? '')],
    [
      'altered and signed again',
      (lines: string[]) => lines.with(2, resigned(lines[2] ?? '', '"value":2', '"value":7')),
    ],
    ['altered', (lines: string[]) => lines.with(2, (lines[2] ?? '').replace('"value":2', '"value":7'))],
    ['turned to NUL', (lines: string[]) => lines.with(2, '\0'.repeat(lines[2]?.length ?? 0))],
  ])('%s is damage where a later one knew it', async (_what, change) => {
    const { dir } = await small(5);
    const lines = change(linesOf(dir));
    const failure = stopped(withLines(lines));
    expect(failure).toMatchObject({ code: 'store-damaged', file: expect.stringContaining('000000000001.jsonl') });
    expect(failure?.code === 'store-damaged' && failure.offset).toBeGreaterThan(0);
  });

  it('altered and signed again is damage though nothing that came later rests on it', async () => {
    const dir = newPlace();
    const store = open(dir);
    for (const stream of ['task/alone', 'task/t-1', 'task/t-1']) await put(store, stream, 2);
    await store.close();
    const lines = linesOf(dir);
    expect(stopped(withLines(lines))).toBeUndefined();
    const altered = lines.with(1, resigned(lines[1] ?? '', '"value":2', '"value":7'));
    expect(stopped(withLines(altered))).toMatchObject({ code: 'store-damaged' });
  });

  it.each(['duplicated', 'duplicated at the end'])('%s changes nothing', async (how) => {
    const { dir, states } = await small(5);
    const lines = linesOf(dir);
    const copy = lines[2] ?? '';
    const store = open(withLines(how === 'duplicated' ? lines.toSpliced(3, 0, copy) : [...lines, copy]));
    expect(store.info().stopped).toBeUndefined();
    expect(stateOf(store)).toEqual(states.at(-1));
    expect(store.log.voids).toBe(1);
  });

  it('that is damaged is read twice before it counts', async () => {
    const { dir } = await small(2);
    let reads = 0;
    const flaky = {
      ...realDisk,
      read: (fd: number, buffer: Uint8Array, offset: number, length: number, position: number) => {
        const count = realDisk.read(fd, buffer, offset, length, position);
        reads += 1;
        if (reads === 1) buffer[offset + 40] = 0x7a;
        return count;
      },
    };
    expect(open(dir, { disk: flaky }).info().stopped).toBeUndefined();
    let shortReads = 0;
    const short = {
      ...realDisk,
      read: (fd: number, buffer: Uint8Array, offset: number, length: number, position: number) => {
        shortReads += 1;
        const count = realDisk.read(fd, buffer, offset, shortReads === 1 ? length : Math.min(length, 50), position);
        if (shortReads === 1) buffer[offset + 40] = 0x7a;
        return count;
      },
    };
    // A second look that sees less must not make damage a torn line, which is skipped.
    expect(open(dir, { disk: short }).info().stopped).toMatchObject({ code: 'store-damaged' });
  });

  it('of half a megabyte or longer than any buffer is one line like any other', async () => {
    const dir = newPlace();
    const store = open(dir);
    const text = 'x'.repeat(3_000_000);
    expect(await put(store, 'task/large', text)).toMatchObject({ kind: 'won' });
    await put(store, 'task/after', 1);
    const again = open(dir);
    expect(stateOf(again)).toEqual({ 'task/after': 1, 'task/large': text });
  });
});

describe('hostile lines with a good sum', () => {
  const parts: [string, (good: Record<string, unknown>) => unknown][] = [
    ['no object', () => 7],
    ['null', () => null],
    ['no seen', ({ seen: _, ...rest }) => rest],
    ['a seen of words', (good) => ({ ...good, seen: ['x', 'y'] })],
    ['a negative seen', (good) => ({ ...good, seen: [-1, ''] })],
    ['events that are no list', (good) => ({ ...good, events: {} })],
    ['an event without a patch', (good) => ({ ...good, events: [{ stream: 'task/t-1' }] })],
    ['an operation that is null', (good) => ({ ...good, events: [{ stream: 'task/t-9', type: 'x', patch: [null] }] })],
    [
      'an operation without a path',
      (good) => ({ ...good, events: [{ stream: 'task/t-9', type: 'x', patch: [{ op: 'add' }] }] }),
    ],
    ['expectations that are null', (good) => ({ ...good, expect: null })],
    ['expectations in a list', (good) => ({ ...good, expect: [[0, '']] })],
    ['an expectation that is no pair', (good) => ({ ...good, expect: { 'task/t-9': 'x' } })],
    ['a stream nobody expected', (good) => ({ ...good, events: [{ stream: 'constructor', type: 'x', patch: [] }] })],
    ['a seal of nonsense', (good) => ({ ...good, seal: { bytes: 'x', sha256: 4 } })],
  ];
  it.each(parts)('%s: void, never thrown', async (_what, change) => {
    const { dir, states } = await small(2);
    const lines = linesOf(dir);
    const body = JSON.stringify(change(JSON.parse(lines.at(-1) ?? ''))).slice(0, -1);
    const store = open(withLines([...lines, `${body}, "sum":"${sumOf(body)}"}`]));
    expect(store.info().stopped).toBeUndefined();
    expect(stateOf(store)).toEqual(states.at(-1));
    expect(await put(store, 'task/t-1', 'next')).toMatchObject({ kind: 'won' });
  });

  it('streams with names of the language go through a checkpoint like others', async () => {
    const dir = newPlace();
    const store = open(dir);
    for (const stream of ['__proto__', 'constructor']) await put(store, stream, 1);
    await saveCheckpoint(store);
    const again = open(dir);
    expect(again.expected('__proto__')).toEqual(store.expected('__proto__'));
    expect(again.expected('constructor')[0]).toBe(1);
  });
});

describe('segments', () => {
  async function sealed(): Promise<string> {
    const { dir } = await small(2);
    await sealNow(dir);
    const store = open(dir);
    await put(store, 'task/t-2', 'second segment');
    await store.close();
    return dir;
  }

  it('follow one another by their seals', async () => {
    const dir = await sealed();
    expect(stateOf(open(dir))).toMatchObject({ 'task/t-2': 'second segment', 'task/t-1': 1 });
  });

  it.each([
    [
      'its seal is lost',
      (text: string) =>
        text
          .split('\n')
          .filter((line) => !line.includes('"seal"'))
          .join('\n'),
    ],
    ['a byte is added before its seal', (text: string) => `\n${text}`],
    ['it is cut at a line end', (text: string) => text.slice(0, text.indexOf('\n', 10) + 1)],
  ])('are damage when an older one leads nowhere: %s', async (_what, change) => {
    const dir = await sealed();
    fs.writeFileSync(segmentFile(dir), change(fs.readFileSync(segmentFile(dir), 'utf8')));
    expect(stopped(dir)).toMatchObject({ code: 'store-damaged' });
  });

  it('are damage when the first is missing, with a checkpoint or without', async () => {
    const dir = await sealed();
    const store = open(dir);
    await saveCheckpoint(store);
    fs.renameSync(segmentFile(dir), join(dir, 'away'));
    expect(stopped(dir)).toMatchObject({ code: 'store-damaged' });
    fs.rmSync(join(dir, 'checkpoint.json'));
    expect(() => openStore(dir)).toThrow(FailureError);
  });

  it('may be compressed while a process still stands in one', async () => {
    const { dir } = await small(2);
    const stalled = open(dir);
    for (let n = 0; n < 3; n += 1) {
      await sealNow(dir);
      const store = open(dir);
      await put(store, 'task/t-3', n);
      expect(await store.upkeep.compress()).toBe(n === 0 ? 0 : 1);
      await store.close();
    }
    expect(fs.existsSync(segmentFile(dir))).toBe(false);
    expect(await put(stalled, 'task/t-4', 'late')).toMatchObject({ kind: 'won' });
    expect(stateOf(stalled)).toMatchObject({ 'task/t-3': 2, 'task/t-4': 'late' });
    expect(stateOf(open(dir))).toEqual(stateOf(stalled));
    expect(open(dir).info().stopped).toBeUndefined();
  });

  it('may be compressed between the look for that and the opening: the empty file then made is never written to', async () => {
    const { dir } = await small(2);
    const second = '000000000005.jsonl';
    let looks = 0;
    const disk = {
      ...realDisk,
      stat: (path: string) => {
        // Not there yet when it is looked for first.
        if (path.endsWith(`${second}.gz`) && ++looks === 1) return undefined;
        return realDisk.stat(path);
      },
    };
    const stalled = open(dir, { disk });
    for (let n = 0; n < 3; n += 1) {
      await sealNow(dir);
      const store = open(dir);
      await put(store, 'task/t-3', n);
      await store.upkeep.compress();
      await store.close();
    }
    expect(fs.existsSync(join(dir, 'log', `${second}.gz`))).toBe(true);
    expect(await put(stalled, 'task/t-4', 'late')).toMatchObject({ kind: 'won' });
    expect(looks).toBeGreaterThan(1);
    expect(fs.readFileSync(join(dir, 'log', second))).toHaveLength(0);
    expect(stateOf(open(dir))).toMatchObject({ 'task/t-3': 2, 'task/t-4': 'late' });
  });

  it('that cannot be decompressed, or have no seal inside, are damage by name', async () => {
    const dir = await sealed();
    await sealNow(dir);
    const store = open(dir);
    await store.upkeep.compress();
    await store.close();
    const file = `${segmentFile(dir)}.gz`;
    const bytes = fs.readFileSync(file);
    fs.chmodSync(file, 0o600);
    fs.writeFileSync(file, bytes.subarray(0, 60));
    expect(() => openStore(dir)).toThrow(expect.objectContaining({ failure: expect.objectContaining({ file }) }));
    const { gzipSync } = await import('node:zlib');
    fs.writeFileSync(file, gzipSync(Buffer.from(`\n${linesOf(dir, 5)[0] ?? ''}\n`)));
    expect(stopped(dir)).toMatchObject({ code: 'store-damaged' });
  });

  it('are not ended by a seal that stands elsewhere than it says', async () => {
    const { dir } = await small(2);
    const { line } = encodeSeal({
      id: 'x',
      at: new Date().toISOString(),
      by: BY,
      seen: [0, ''],
      seal: { bytes: 12, sha256: '', previous: '' },
    });
    fs.appendFileSync(segmentFile(dir), `\n${line}\n`);
    const store = open(dir);
    expect(await put(store, 'task/t-1', 'goes on')).toMatchObject({ kind: 'won' });
    expect(fs.readdirSync(join(dir, 'log'))).toEqual(['000000000001.jsonl']);
  });

  it('of older versions forget a request at a seal seven days later, by the times in the lines', async () => {
    const dir = newPlace();
    const store = open(dir);
    const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    const requests = [
      ['request/old', at(8)],
      ['request/new', at(6)],
      ['request/odd', 'yesterday'],
    ] as const;
    for (const [stream, time] of requests) store.append([commitOf(store, [{ stream, value: 1 }], { at: time })]);
    expect(store.streams('request/')).toHaveLength(3);
    await saveCheckpoint(store);
    const bytes = fs.readFileSync(segmentFile(dir));
    const { line } = encodeSeal({
      id: 'x',
      at: at(0),
      by: BY,
      seen: store.seen(),
      seal: { bytes: bytes.length + 1, sha256: hash('sha256', `${bytes}\n`), previous: '' },
    });
    fs.appendFileSync(segmentFile(dir), `\n${line}\n`);
    store.refresh();
    const fromCheckpoint = open(dir);
    fs.rmSync(join(dir, 'checkpoint.json'));
    for (const one of [store, fromCheckpoint, open(dir)]) expect(one.streams('request/')).toEqual(['request/new']);
  });
});

describe('a newer format', () => {
  it('is refused at opening and while running, and nothing is answered from it', async () => {
    const { dir } = await small(1);
    const running = open(dir);
    const newer = commitOf(running, [{ stream: 'store', value: {} }]);
    const event = { stream: 'store', type: 'store.raised', data: { format: STORE_FORMAT + 1 }, patch: [] };
    const { encodeCommit } = await import('../../src/store/commit.ts');
    fs.appendFileSync(segmentFile(dir), `\n${encodeCommit({ ...newer.commit, events: [event] }).line}\n`);
    for (const store of [running, open(dir)]) {
      // The running one meets it now; the one that opened met it then. Neither answers from here on.
      try {
        store.refresh();
      } catch {
        // The second kind.
      }
      expect(store.info().stopped).toMatchObject({ code: 'store-newer', found: STORE_FORMAT + 1 });
      expect(() => store.refresh()).toThrow(FailureError);
    }
  });

  it('is not made of an event type that nobody knows', async () => {
    const { dir } = await small(1);
    const store = open(dir);
    const odd = commitOf(store, [{ stream: 'task/t-1', value: 'set by a type from the future' }]);
    expect(store.append([odd]).outcomes).toMatchObject([{ kind: 'won' }]);
    expect(open(dir).info().stopped).toBeUndefined();
  });
});
