// The tone of each status: good, warn, bad or dim. Used by text.ts, grid.ts and kanban.ts; cli/paint.ts has the
// colours.

import type { Column } from '../define.ts';
import type { Tone } from './define.ts';

/** A piece of a line. Its text went through `plain`, and has its final width. */
export type Span = [text: string, tone: Tone | undefined];

const TONES: Record<string, Tone> = {
  ok: 'good',
  active: 'good',
  running: 'good',
  claimed: 'good',
  held: 'good',
  finished: 'dim',
  done: 'dim',
  completed: 'dim',
  expired: 'dim',
  cancelled: 'dim',
  archived: 'dim',
  warn: 'warn',
  paused: 'warn',
  retrying: 'warn',
  gating: 'good',
  review: 'warn',
  unverifiable: 'warn',
  needs_decision: 'warn',
  waiting: 'warn',
  bad: 'bad',
  failed: 'bad',
  stuck: 'bad',
  blocked: 'bad',
  lost: 'bad',
  overdue: 'bad',
};

/** The tone of a cell: undefined unless its column is a status that is known. */
export function toneOf(column: Column, text: string): Tone | undefined {
  return column.kind === 'status' ? TONES[text.trim()] : undefined;
}
