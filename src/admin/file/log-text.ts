// Prints commits as lines, for people and for programs, and selects which to print. Used by cli/verbs/log.ts.

import { visible } from '../../base/display.ts';
import type { Author, StreamEvent } from '../../store/commit.ts';
import type { TakenLine } from '../../store/file/past/log-reader.ts';
import { operationText, patchText } from './patch-text.ts';

export interface LogFilter {
  from: number;
  to: number;
  /** A stream's name, or a prefix of names if it ends in `/`. */
  stream?: string | undefined;
  /** An event type, or a prefix of types if it ends in `.`. */
  type?: string | undefined;
}

export function isWanted(taken: TakenLine, filter: LogFilter): boolean {
  if (taken.seq < filter.from || taken.seq > filter.to) return false;
  if (filter.stream === undefined && filter.type === undefined) return true;
  return taken.kind === 'commit' && taken.folded.commit.events.some((event) => isEventWanted(event, filter));
}

/**
 * One line per event. Omits the event of a request stream beside other events, because every call with a request_id
 * adds one.
 */
export function humanLines(taken: TakenLine, filter: LogFilter): string[] {
  const body = taken.kind === 'commit' ? taken.folded.commit : taken.seal;
  const start =
    `${String(taken.seq).padStart(6)}  ${visible(String(body.at))}  ${visible(who(body.by))}  ` +
    `${visible(String(body.by.tool))}`;
  if (taken.kind === 'seal') return [`${start}  -  seal  ends segment ${taken.place.segment}`];
  const wanted = taken.folded.commit.events.filter((event) => isEventWanted(event, filter));
  const told = wanted.filter(({ stream }) => filter.stream !== undefined || !stream.startsWith('request/'));
  return (told.length > 0 ? told : wanted).map(
    ({ stream, type, patch }) => `${start}  ${visible(stream)}  ${visible(String(type))}  ${patchText(patch)}`,
  );
}

/** One commit in full: every event with every operation. */
export function fullLines(taken: TakenLine): string[] {
  const body = taken.kind === 'commit' ? taken.folded.commit : taken.seal;
  const lines = [
    `seq ${taken.seq} (segment ${taken.place.segment}, byte ${taken.place.offset})`,
    `at  ${visible(String(body.at))}`,
    `by  ${visible(JSON.stringify(body.by))}`,
    `id  ${visible(String(body.id))}`,
  ];
  if (taken.kind === 'seal') return [...lines, `seal of ${taken.seal.seal.bytes} bytes`];
  for (const { stream, type, data, patch } of taken.folded.commit.events) {
    const facts = data === undefined ? '' : `  ${visible(JSON.stringify(data))}`;
    lines.push(`${visible(stream)}  ${visible(String(type))}${facts}`);
    for (const op of patch) lines.push(`  ${operationText(op, 200)}`);
  }
  return lines;
}

/**
 * The line of the log with its seq, as one line of JSON. Control characters are escaped, which parses to the same
 * value.
 */
export function jsonLine(taken: TakenLine): string {
  return visible(`{"seq":${taken.seq},${taken.line.toString('utf8', 1)}`);
}

function isEventWanted(event: StreamEvent, filter: LogFilter): boolean {
  return matches(event.stream, filter.stream, '/') && matches(String(event.type), filter.type, '.');
}

function matches(text: string, wanted: string | undefined, divider: string): boolean {
  if (wanted === undefined) return true;
  return wanted.endsWith(divider) ? text.startsWith(wanted) : text === wanted;
}

function who({ user, session, agent }: Author): string {
  if (agent !== undefined) return session === undefined ? agent : `${agent}@${session}`;
  return session ?? String(user);
}
