// Prints a report on a store as text for a terminal. Used by the verbs doctor, backup and redact, and by
// redact/redact.ts.

import { visible } from '../../base/display.ts';
import type { Finding, Report } from './findings.ts';

/** The whole report; its last line is the verdict. */
export function reportText(report: Report): string {
  const lines = facts(report).map(([name, text]) => `${name.padEnd(11)}${visible(text)}`);
  if (report.findings.length > 0) lines.push('', ...report.findings.flatMap(findingLines));
  return `${lines.join('\n')}\n\n${verdict(report)}\n`;
}

/** The verdict in one line; scripts look for its first word. */
export function verdict(report: Report): string {
  const { commits, documents, chain, findings } = report;
  if (report.sound)
    return `verified: ${count(commits, 'commit')}, ${count(documents.rebuilt, 'document')}, chain ${chain}`;
  const bad = findings.filter((finding) => finding.level !== 'note');
  const [worst] = bad;
  const more = bad.length > 1 ? ` (and ${bad.length - 1} more, see above)` : '';
  const first = worst === undefined ? '' : visible([worst.where ?? '', worst.what].filter((t) => t !== '').join(' '));
  return `not sound: ${first}${more}`;
}

function facts(report: Report): [string, string][] {
  const { log, documents, blobs, checkpoint, serving } = report;
  const contention = log.voids.expectation ?? 0;
  const rate = report.commits > 0 ? ` (${((100 * contention) / report.commits).toFixed(1)} per 100 commits)` : '';
  const others = Object.entries(log.voids).filter(([why, count]) => why !== 'expectation' && count > 0);
  return [
    ['store', `${report.place} (format ${report.format}, durability ${report.durability})`],
    [
      'log',
      `${count(report.commits, 'commit')} up to seq ${report.seq}, ${count(log.segments, 'segment')}` +
        `${log.compressed + log.indexed > 0 ? ` (${log.compressed} compressed, ${log.indexed} with an index)` : ''}, ` +
        `${size(log.sizeBytes)}`,
    ],
    [
      '',
      [
        `${count(contention, 'lost race')}${rate}`,
        ...others.map(([why, n]) => `${n} void: ${why}`),
        `${count(log.torn, 'torn line')}`,
      ].join(', '),
    ],
    [
      'documents',
      `${documents.rebuilt} rebuilt from the log; on disk ${documents.current} current, ${documents.older} older ` +
        `(caches catch up), ${documents.edited} edited, ${documents.orphans} of no stream`,
    ],
    ['requests', `${report.requests}`],
    ['blobs', `${blobs.named} named by the log, ${count(blobs.files, 'file')}, ${size(blobs.sizeBytes)}`],
    ['checkpoint', checkpoint.seq === undefined ? checkpoint.state : `${checkpoint.state}, at seq ${checkpoint.seq}`],
    [
      'serving',
      serving.length === 0
        ? 'no session'
        : serving.map(({ session, pid }) => `${session} by process ${pid}`).join(', '),
    ],
  ];
}

function findingLines({ level, where, offset, what, next, differs }: Finding): string[] {
  const place = where === undefined ? '' : `${where}${offset === undefined ? '' : ` at byte ${offset}`}: `;
  const lines = [`${level}: ${visible(place + what)}`];
  for (const line of differs ?? []) lines.push(`    ${line}`);
  if (next !== undefined) lines.push(`  next: ${visible(next)}`);
  return lines;
}

/** `1 file`, `2 files`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** A size in decimal units, such as `1.5 MB`. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return bytes < 1_000_000_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}
