// A board in Prometheus' text exposition format 0.0.4: each number is a gauge or counter in base units, each text a
// label.
// https://prometheus.io/docs/instrumenting/exposition_formats/

import type { Cell } from '../../views/source.ts';
import { type Board, type Column, isNumeric, type Row, type ShownSection } from '../define.ts';
import { inertLine } from '../inert.ts';

/** Longer labels are cut: text of that length does not identify a series. */
const MAX_LABEL = 80;

export function renderPrometheus(board: Board): string {
  return board.sections.map((section) => family(board.view, section)).join('');
}

function family(view: string, section: ShownSection): string {
  const { columns, rows } = section;
  // Text facts are not labels of the other facts: a changed text would start new series for all of them.
  const labels = columns.filter(({ kind }) => !isFigure(kind) && kind !== 'prose' && section.facts !== true);
  const figures = columns.filter(({ kind }) => isFigure(kind));
  const base = `baton_${view === section.name ? view : `${view}_${section.name}`}`;
  const texts = figures.map((column) => samples(base, section.title, column, rows, labels));
  const words = section.facts === true ? columns.filter(({ kind }) => !isFigure(kind)) : labels;
  if (words.length > 0 && (figures.length === 0 || section.facts === true)) {
    texts.push(infoSamples(`${base}_info`, section.title, rows, words));
  }
  return texts.join('');
}

function isMoment(kind: Column['kind']): boolean {
  return kind === 'time' || kind === 'date';
}

function isFigure(kind: Column['kind']): boolean {
  return isNumeric({ kind }) || isMoment(kind) || kind === 'flag';
}

function samples(base: string, title: string, column: Column, rows: readonly Row[], labels: readonly Column[]): string {
  const name = `${base}${metricName(column, base)}`;
  const lines = rows.flatMap((row) => {
    const value = figureOf(row[column.key], column);
    return value === undefined ? [] : [`${name}${labelText(row, labels)} ${value}\n`];
  });
  if (lines.length === 0) return '';
  const type = column.grows === true ? 'counter' : 'gauge';
  return `# HELP ${name} ${help(`${title}: ${column.title}`)}\n# TYPE ${name} ${type}\n${unique(lines).join('')}`;
}

function infoSamples(name: string, title: string, rows: readonly Row[], labels: readonly Column[]): string {
  const lines = unique(rows.map((row) => `${name}${labelText(row, labels)} 1\n`));
  return lines.length === 0 ? '' : `# HELP ${name} ${help(title)}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

/** Drops all but the first sample of each series, because duplicates make the whole page invalid. */
function unique(lines: readonly string[]): string[] {
  const seen = new Map<string, string>();
  for (const line of lines) {
    const series = line.slice(0, line.lastIndexOf(' '));
    if (!seen.has(series)) seen.set(series, line);
  }
  return [...seen.values()];
}

/** The part of a metric's name after `base`, without a repetition of the section's name. */
function metricName(column: Column, base: string): string {
  const [from, to] = UNITS[column.kind] ?? ['', ''];
  const key = column.key.endsWith(from) ? column.key.slice(0, column.key.length - from.length) : column.key;
  const name = `_${key}${to}`.replace(/[^a-zA-Z0-9_]/g, '_');
  const section = base.slice(base.lastIndexOf('_'));
  const rest = name === section || name.startsWith(`${section}_`) ? name.slice(section.length) : name;
  return column.grows === true ? `${rest}_total` : rest;
}

/** Endings of keys, and of names in Prometheus' base units: seconds and ratios. */
const UNITS: Partial<Record<Column['kind'], [from: string, to: string]>> = {
  ms: ['_ms', '_seconds'],
  time: ['_at', '_timestamp_seconds'],
  percent: ['_percent', '_ratio'],
};

function figureOf(value: Cell | undefined, { kind }: Column): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'boolean') return value ? '1' : '0';
  const number = isMoment(kind) ? Date.parse(String(value)) / 1000 : Number(value);
  if (!Number.isFinite(number)) return undefined;
  if (kind === 'ms') return String(Number((number / 1000).toPrecision(12)));
  return kind === 'percent' ? String(Number((number / 100).toPrecision(12))) : String(number);
}

function labelText(row: Row, labels: readonly Column[]): string {
  const pairs = labels.flatMap(({ key }) => {
    const value = row[key];
    return value === undefined || value === ''
      ? []
      : [`${key.replace(/[^a-zA-Z0-9_]/g, '_')}="${escaped(String(value))}"`];
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  const short = inertLine(text.slice(0, MAX_LABEL));
  return short.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}

function help(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', ' ');
}
