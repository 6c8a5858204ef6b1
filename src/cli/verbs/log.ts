// The verb `log`: prints the commits of a store, and with --follow those that any process adds.

import { fullLines, humanLines, isWanted, jsonLine, type LogFilter } from '../../admin/file/log-text.ts';
import type { Config } from '../../config/config.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import { realDisk } from '../../store/file/disk.ts';
import { watchLog } from '../../store/file/log/watch.ts';
import { LogReader, type TakenLine } from '../../store/file/past/log-reader.ts';
import { complain, exitCodes } from '../complain.ts';
import { offline, requireStore } from '../offline-verb.ts';
import { Output } from '../output.ts';
import { whenReaderGone } from '../reader-gone.ts';
import { readArguments } from '../verb-arguments.ts';

interface Wish {
  filter: LogFilter;
  /** The seq of --at, which asks for one commit. */
  at: number | undefined;
  limit: number;
  /** `limit` means the last commits if true, the first ones after --from if false. */
  newest: boolean;
  follow: boolean;
  lines(taken: TakenLine): string[];
}

export const run = offline(logVerb);

async function logVerb(args: string[], config: Config): Promise<number> {
  const wish = readWish(args);
  if (!wish.ok) return complain(wish.failure);
  const missing = requireStore(config.stateDir);
  if (missing !== undefined) return complain(missing);
  const logDir = `${config.stateDir}/log`;
  const reader = new LogReader(realDisk, logDir);
  // Sync before printing: a power loss could take back a commit that was shown before it was durable.
  const out = new Output(process.stdout, config.durability === 'fsync' ? () => reader.flush() : () => undefined);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());

  // Before anything is written, because a quick reader may leave after the first line.
  if (wish.value.follow) whenReaderGone(process.stdout.fd, stop.signal, () => stop.abort());
  let left = await printPast(reader, wish.value, out);
  if (wish.value.follow && left > 0) {
    const hints = hintsOf(logDir, stop.signal);
    while (out.open && left > 0 && reader.stopped === undefined && (await hints.next())) {
      left = await print(reader, wish.value, left, out);
    }
  }
  const fault = reader.fault();
  if (!out.open) return exitCodes.done;
  if (fault !== undefined) return complain(fault);
  const { at } = wish.value;
  const newest = reader.fold.seq;
  return at === undefined || (at > 0 && at <= newest)
    ? exitCodes.done
    : complain({ code: 'unknown-seq', seq: String(at), newest, list: '`baton log`' });
}

function readWish(args: string[]): Result<Wish> {
  const read = readArguments(args, {
    switches: ['follow', 'json'],
    texts: ['stream', 'type'],
    counts: ['at', 'from', 'to', 'limit'],
  });
  if (!read.ok) return read;
  const given = read.value;
  const at = given.count('at');
  const [from, to] = [given.count('from'), given.count('to')];
  if (at !== undefined && (from !== undefined || to !== undefined || given.has('follow'))) {
    const why = 'shows one commit: leave out --from, --to and --follow';
    return fail({ code: 'invalid-input', issues: [{ at: '--at', why }] });
  }
  const filter: LogFilter = {
    from: at ?? from ?? 0,
    to: at ?? to ?? Number.POSITIVE_INFINITY,
    stream: given.text('stream'),
    type: given.text('type'),
  };
  const text = at === undefined ? (taken: TakenLine) => humanLines(taken, filter) : fullLines;
  return ok({
    filter,
    at,
    limit: given.count('limit') ?? Number.POSITIVE_INFINITY,
    newest: from === undefined,
    follow: given.has('follow'),
    lines: given.has('json') ? (taken) => [jsonLine(taken)] : text,
  });
}

/** Prints the commits that are in the log now. Resolves to the number that may still follow. */
async function printPast(reader: LogReader, wish: Wish, out: Output): Promise<number> {
  if (!wish.newest || !Number.isFinite(wish.limit)) return await print(reader, wish, wish.limit, out);
  let last: string[][] = [];
  for (const taken of reader.read()) {
    if (!isWanted(taken, wish.filter)) continue;
    last.push(wish.lines(taken));
    if (last.length > 2 * wish.limit + 64) last = last.slice(-wish.limit);
  }
  for (const lines of wish.limit === 0 ? [] : last.slice(-wish.limit)) await out.write(toBytes(lines));
  await out.flush();
  return Number.POSITIVE_INFINITY;
}

async function print(reader: LogReader, wish: Wish, limit: number, out: Output): Promise<number> {
  let left = limit;
  if (left <= 0) return 0;
  for (const taken of reader.read()) {
    if (!isWanted(taken, wish.filter)) continue;
    left -= 1;
    await out.write(toBytes(wish.lines(taken)));
    if (!out.open || left <= 0) break;
  }
  await out.flush();
  return left;
}

function toBytes(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}

/**
 * Waits for hints that the log has grown; hints between two calls of `next` count as one. `next` resolves to false once
 * the signal is aborted. Keeps the process alive until then.
 */
function hintsOf(logDir: string, signal: AbortSignal): { next(): Promise<boolean> } {
  let pending = true;
  let wake: () => void = () => undefined;
  const alive = setInterval(() => undefined, 60_000);
  const hint = () => {
    pending = true;
    wake();
  };
  signal.addEventListener('abort', () => {
    clearInterval(alive);
    wake();
  });
  watchLog(logDir, signal, hint);
  return {
    next: async () => {
      if (!pending && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      pending = false;
      return !signal.aborted;
    },
  };
}
