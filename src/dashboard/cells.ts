// Formats a value for people by the kind of its column: ages instead of times, 1.2 s instead of 1234. Used by the
// formats text and markdown.

import type { Cell } from '../views/source.ts';
import { type Column, isNumeric } from './define.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What formatting needs beside the value: the time in ms since the epoch, and names of sessions by id. */
export interface Reading {
  now: number;
  names: ReadonlyMap<string, string>;
}

/** The value as text, '' if it is absent. Neither escaped nor cut, which each format does its own way. */
export function readable(
  value: Cell | undefined,
  column: Pick<Column, 'kind' | 'bar'>,
  { now, names }: Reading,
): string {
  if (value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') {
    if (column.kind === 'time') return age(Date.parse(value), now);
    if (column.kind === 'date') return day(value, now);
    return column.kind === 'who' ? nameOf(value, names) : value;
  }
  switch (column.kind) {
    case 'percent':
      return column.bar === true ? `${Math.round(value)}% ${bar(value)}` : `${Math.round(value)}%`;
    case 'ms':
      return duration(value);
    case 'bytes':
      return bytes(value);
    case 'number':
      return String(Math.round(value * 100) / 100);
    default:
      return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
  }
}

function nameOf(who: string, names: ReadonlyMap<string, string>): string {
  const [session = '', ...agent] = who.split('/');
  const name = names.get(session);
  return name === undefined ? who : [name, ...agent].join('/');
}

const BAR = 8;

function bar(percent: number): string {
  const full = Math.max(0, Math.min(BAR, Math.round((percent / 100) * BAR)));
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

/** Numbers are aligned to the right. */
export function alignOf(column: Column): 'left' | 'right' {
  return isNumeric(column) ? 'right' : 'left';
}

/** The time since `at`, as `4s`, `12m`, `3h` or `2d`; with a plus sign if `at` is in the future. */
export function age(at: number, now: number): string {
  if (Number.isNaN(at)) return '';
  const span = Math.abs(now - at);
  const sign = at > now ? '+' : '';
  if (span < MINUTE) return `${sign}${Math.floor(span / SECOND)}s`;
  if (span < HOUR) return `${sign}${Math.floor(span / MINUTE)}m`;
  if (span < 2 * DAY) return `${sign}${Math.floor(span / HOUR)}h`;
  return `${sign}${Math.floor(span / DAY)}d`;
}

/** A day or time as it is, and how many days it is away: `2026-01-31 (in 4d)`. A date alone counts as a whole day. */
function day(value: string, now: number): string {
  const shown = value.includes('T') ? `${value.slice(0, 10)} ${value.slice(11, 16)}` : value;
  const away = Math.floor(Date.parse(value) / DAY) - Math.floor(now / DAY);
  if (Number.isNaN(away)) return shown;
  return `${shown} (${away === 0 ? 'today' : away > 0 ? `in ${away}d` : `${-away}d ago`})`;
}

function duration(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 100) / 100} ms`;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${Math.round(ms / 100) / 10} s`;
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.round(ms / HOUR)} h`;
  return `${Math.round(ms / DAY)} d`;
}

function bytes(size: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let at = 0;
  let left = size;
  while (left >= 1024 && at < units.length - 1) {
    left /= 1024;
    at += 1;
  }
  return `${at === 0 ? left : Math.round(left * 10) / 10} ${units[at]}`;
}
