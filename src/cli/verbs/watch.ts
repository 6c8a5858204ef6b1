// The verb `watch`: shows the dashboard, redrawn whenever any process changes something. On a terminal it draws in
// place; into a pipe it prints one frame per change, without control codes.

import { openServices, type Services } from '../../app/services.ts';
import { sourceOf } from '../../app/view-source.ts';
import { createLog } from '../../base/log.ts';
import { nearest } from '../../base/nearest.ts';
import type { Config } from '../../config/config.ts';
import { fitted, type Taken, takeView } from '../../dashboard/board.ts';
import type { Board } from '../../dashboard/define.ts';
import { FORMAT_NAMES, type FormatName, formats } from '../../dashboard/formats/index.ts';
import { MIN_WIDTH } from '../../dashboard/formats/text.ts';
import { dashboardViews } from '../../dashboard/index.ts';
import { VIEW_NAMES, type ViewName } from '../../dashboard/names.ts';
import { fillScreen } from '../../dashboard/screen.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import { changeAfter } from '../../tools/shared/wait.ts';
import { complain, exitCodes } from '../complain.ts';
import { offline, requireStore } from '../offline-verb.ts';
import { Output } from '../output.ts';
import { painter } from '../paint.ts';
import { whenReaderGone } from '../reader-gone.ts';
import { Terminal } from '../terminal.ts';
import { readArguments } from '../verb-arguments.ts';

interface Wish {
  view: ViewName;
  format: FormatName;
  width: number | undefined;
  once: boolean;
}

/** A terminal is redrawn at least this often, because ages change without a commit. */
const TICK_MS = 1_000;
/** Frames are at least this far apart, so that a busy store does not keep a processor busy with drawing. */
const PAUSE_MS = 200;
const IDLE_MS = 60_000;
const PIPED_WIDTH = 80;
const MOST_ROWS = 200;
/** The key of each view, in order. */
const KEYS = '1234567890';
/** Short names, with which the line of keys fits into 80 columns. */
const SHORT: Partial<Record<ViewName, string>> = {
  leadership: 'lead',
  config: 'conf',
  resources: 'locks',
  metrics: 'stats',
};

export const run = offline(watchVerb);

async function watchVerb(args: string[], config: Config): Promise<number> {
  const wish = readWish(args);
  if (!wish.ok) return complain(wish.failure);
  // The verb must not make a store.
  const missing = requireStore(config.stateDir);
  if (missing !== undefined) return complain(missing);
  const opened = await openServices({ ...config, readOnly: true }, createLog(config), 'cli');
  if (!opened.ok) return complain(opened.failure);
  try {
    const live = process.stdout.isTTY && !wish.value.once && wish.value.format === 'text';
    return live ? await onTerminal(wish.value, opened.value) : await intoPipe(wish.value, opened.value);
  } finally {
    await opened.value.close();
  }
}

function readWish(args: string[]): Result<Wish> {
  const [first] = args;
  const named = first !== undefined && !first.startsWith('-') ? first : undefined;
  const read = readArguments(named === undefined ? args : args.slice(1), {
    switches: ['once'],
    texts: ['format'],
    counts: ['width'],
  });
  if (!read.ok) return read;
  const view = VIEW_NAMES.find((name) => name === (named ?? 'team'));
  const format = FORMAT_NAMES.find((name) => name === (read.value.text('format') ?? 'text'));
  const refuse = (at: string, given: string, known: readonly string[]) => {
    const [near] = nearest(given, known, 1);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return fail({ code: 'invalid-input', issues: [{ at, why: `expected one of ${known.join(', ')}${hint}` }] });
  };
  if (view === undefined) return refuse('view', named ?? '', VIEW_NAMES);
  if (format === undefined) return refuse('--format', read.value.text('format') ?? '', FORMAT_NAMES);
  const width = read.value.count('width');
  if (width !== undefined && (width < MIN_WIDTH || width > 1_000)) {
    return fail({ code: 'invalid-input', issues: [{ at: '--width', why: `expected ${MIN_WIDTH} to 1000` }] });
  }
  // A format for programs is printed once.
  return ok({ view, format, width, once: read.value.has('once') || format !== 'text' });
}

async function look(services: Services, name: ViewName): Promise<Taken> {
  const view = dashboardViews[name];
  const sourced = await sourceOf(services, view.needsLog === true);
  return await services.documents.read((documents) => takeView(view, sourced(documents, Date.now())));
}

/** Prints one frame per change until the reader has left or a signal arrives. */
async function intoPipe(wish: Wish, services: Services): Promise<number> {
  const stop = stopOnSignals();
  const out = new Output(process.stdout, () => undefined);
  const { documents } = services;
  const options = { width: wish.width ?? (process.stdout.columns || PIPED_WIDTH) };
  if (!wish.once) whenReaderGone(process.stdout.fd, stop.signal, () => stop.abort());
  for (let shown = -1; ; ) {
    const seq = documents.store.seq();
    const taken = await look(services, wish.view);
    if (taken.seq !== shown) {
      const render = formats[wish.format];
      const most = wish.format === 'text' ? 20 : MOST_ROWS;
      const { rendered } = fitted(
        taken,
        most,
        (board) => render(board, { ...options, now: taken.source.now }),
        () => true,
      );
      const gap = shown < 0 ? '' : '\n';
      await out.write(Buffer.from(`${gap}${rendered}${rendered.endsWith('\n') ? '' : '\n'}`));
      await out.flush();
      shown = taken.seq;
    }
    if (wish.once || stop.signal.aborted || !out.open) return exitCodes.done;
    await pause(documents, seq, IDLE_MS, stop.signal);
  }
}

/** Draws in place. Keys 1 to 9 and 0 choose the view; q ends. */
async function onTerminal(wish: Wish, services: Services): Promise<number> {
  const stop = stopOnSignals();
  let view = wish.view;
  let wake = new AbortController();
  const terminal = new Terminal(process.stdin, process.stdout, {
    quit: () => stop.abort(),
    resized: () => wake.abort(),
    key: (key) => {
      view = VIEW_NAMES[KEYS.indexOf(key)] ?? view;
      wake.abort();
    },
  });
  process.stdout.on('error', () => stop.abort());
  const paint = painter();
  terminal.enter();
  try {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      const seq = services.documents.store.seq();
      const taken = await look(services, view);
      const [width, rows] = [Math.max(MIN_WIDTH, wish.width ?? terminal.columns), terminal.rows - 1];
      const render = (board: Board): string => formats.text(board, { width, now: taken.source.now, paint });
      const rendered = fillScreen(taken, render, rows);
      // A frame wider than the terminal would be wrapped and unreadable.
      const narrow = terminal.columns < width;
      if (narrow) terminal.draw(`needs ${width} columns`);
      else terminal.draw([...rendered.split('\n').slice(0, rows), paint(keysLine(view, width), 'dim')].join('\n'));
      await pause(services.documents, seq, TICK_MS, AbortSignal.any([stop.signal, wake.signal]));
    }
  } finally {
    terminal.leave();
  }
  return exitCodes.done;
}

/** The line of keys: with full names if they fit, else with short ones. */
function keysLine(view: ViewName, width: number): string {
  const line = (gap: string, quit: string, nameOf: (name: ViewName) => string): string => {
    const names = VIEW_NAMES.map((name, index) => {
      const shown = nameOf(name);
      return `${KEYS[index]} ${name === view ? shown.toUpperCase() : shown}`;
    });
    return [...names, quit].join(gap);
  };
  const lines = [line('  ', 'q quit', (name) => name), line(' ', 'q', (name) => SHORT[name] ?? name)];
  return lines.find((one) => one.length <= width) ?? `q quit  1–9 and 0: another view than ${view}`.slice(0, width);
}

async function pause(documents: Services['documents'], seq: number, ms: number, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  await changeAfter(documents, seq, ms, signal);
  const left = PAUSE_MS - (performance.now() - startedAt);
  if (left > 0 && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, left));
}

function stopOnSignals(): AbortController {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());
  return stop;
}
