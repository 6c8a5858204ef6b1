// The verb `redact`: rewrites the store into a new directory without values or texts that must be removed.

import path from 'node:path';
import { followed } from '../../admin/file/new-directory.ts';
import { count } from '../../admin/file/report-text.ts';
import { EVERY, type RedactPath } from '../../admin/redact/paths.ts';
import { type Redacted, redactStore } from '../../admin/redact/redact.ts';
import { REDACTED } from '../../admin/redact/texts.ts';
import { visible } from '../../base/display.ts';
import type { Config } from '../../config/config.ts';
import { type Failure, fail, ok, type Result } from '../../failure/failure.ts';
import { parsePath } from '../../path/path.ts';
import { isStreamName } from '../../store/stream.ts';
import { complain, exitCodes } from '../complain.ts';
import { offline, requireStore } from '../offline-verb.ts';
import { renderJson } from '../render.ts';
import { readTextFiles } from '../text-file.ts';
import { readArguments } from '../verb-arguments.ts';

/** No secret is longer: a larger file is not the one that was meant. */
const MAX_SECRET_BYTES = 64 * 1024;
/** A shorter text occurs in too many places that hold no secret. */
const MIN_TEXT_CHARS = 4;

export const run = offline(redactVerb);

async function redactVerb(args: string[], config: Config): Promise<number> {
  const read = readArguments(args, {
    switches: ['json', 'dry-run'],
    texts: ['stream'],
    lists: ['path', 'text', 'text-file'],
    words: ['new directory'],
  });
  if (!read.ok) return complain(read.failure);
  const given = read.value;
  const missing = requireStore(config.stateDir);
  if (missing !== undefined) return complain(missing);
  const files = await readTextFiles(given.list('text-file'), {
    cwd: config.cwd,
    at: '--text-file',
    maxBytes: MAX_SECRET_BYTES,
    prompt: 'the text to remove',
  });
  if (!files.ok) return complain(files.failure);
  const texts = [...given.list('text'), ...files.value];
  const paths = readPaths(given.text('stream'), given.list('path'), texts);
  if (!paths.ok) return complain(paths.failure);
  const dry = given.has('dry-run');
  if (config.readOnly && !dry)
    return complain({ code: 'read-only', why: 'this was started with BATON_READ_ONLY or --read-only' });
  const { stateDir: dir, durability, forceNetworkFs, user } = config;
  const target = followed(path.resolve(config.cwd, given.words[0] ?? ''));
  const wanted = { stream: given.text('stream'), paths: paths.value, texts };
  const done = await redactStore({ dir, target, wanted, user, durability, forceNetworkFs, dry });
  if (!done.ok) return complain(done.failure);
  const report = { ...(dry ? { dry_run: true } : { store: target }), ...done.value, next: dry ? [] : nextSteps(dir) };
  process.stdout.write(given.has('json') ? renderJson(report) : textOf(done.value, target, report.next));
  return exitCodes.done;
}

function readPaths(stream: string | undefined, given: string[], texts: string[]): Result<RedactPath[]> {
  if (given.length === 0 && texts.length === 0)
    return refuse('--path', 'or --text-file or --text: say what is to be removed');
  for (const text of texts) {
    if (text.length < MIN_TEXT_CHARS) return refuse('--text', `has fewer than ${MIN_TEXT_CHARS} characters`);
    if (REDACTED.includes(text)) return refuse('--text', `is part of ${REDACTED}, which is put in its place`);
  }
  if (given.length === 0 && stream !== undefined)
    return refuse('--stream', 'says where a --path is; a --text is looked for in the whole store');
  if (given.length > 0 && (stream === undefined || !isStream(stream)))
    return refuse('--stream', 'expected the name of a document, such as session/ses-1, or a kind, such as session/');
  const paths: RedactPath[] = [];
  for (const text of given) {
    const one = readPath(text, stream?.startsWith('session/') === true);
    if (!one.ok) return one;
    paths.push(one.value);
  }
  return ok(paths);
}

function isStream(name: string): boolean {
  // A name, or a prefix that ends in a slash: otherwise `session/ses-1` would match `session/ses-10` too.
  return name !== 'store' && isStreamName(name.endsWith('/') ? `${name}x` : name);
}

/**
 * Parses a path of the state language that holds names and * only. Indexes and filters are refused: elements of arrays
 * move and values change, so at other times they select something else.
 */
function readPath(text: string, session: boolean): Result<RedactPath> {
  const parsed = parsePath(text);
  if (!parsed.ok) return parsed;
  const refused = (why: string): Result<never> => fail({ code: 'path-refused', path: text, why } satisfies Failure);
  const steps: RedactPath['steps'][number][] = [];
  const simple = parsed.value.kind === 'simple' ? parsed.value.tokens : undefined;
  const segments = parsed.value.kind === 'query' ? parsed.value.segments : [];
  for (const token of simple ?? []) {
    if (typeof token === 'number' || /^\d+$/.test(token))
      return refused('elements of arrays move: say [*], as in $.items[*].token');
    steps.push(token);
  }
  for (const { deep, selector } of segments) {
    if (deep || (selector.select !== 'all' && selector.select !== 'name'))
      return refused('here a path has names and * only, as in $.users.*.token: give several with --path');
    if (selector.select === 'name' && /^\d+$/.test(selector.name))
      return refused('elements of arrays move: say [*], as in $.items[*].token');
    steps.push(selector.select === 'all' ? EVERY : selector.name);
  }
  const [first, second] = steps;
  if (first === undefined || first === EVERY || first === 'schema')
    return refused(
      'name a key of the document first, as in $.token: without the rest of it the document could not be read',
    );
  if (session && first === 'session' && (second === undefined || second === EVERY))
    return refused(
      'name what of the session is meant, as in $.session.name: without the rest the session could not be read',
    );
  return ok({ text, steps });
}

function nextSteps(dir: string): string[] {
  return [
    'change the secret itself wherever it is valid: that it was stored cannot be undone',
    `look at the new store, then put it in the place of ${dir} (or set BATON_STATE_DIR), with nothing running`,
    `delete ${dir}: it still holds what was removed, as do its backups, exports, trace files and other copies`,
  ];
}

function textOf(report: Redacted, target: string, next: readonly string[]): string {
  const { from, paths, texts, commits, blobs, answers, made } = report;
  const lines = [
    made === undefined ? 'would write a new store' : `new store ${visible(target)}, ${made.id}`,
    `of: ${visible(from.id)}, up to seq ${from.seq}`,
    ...Object.entries(paths).map(([text, found]) => `${visible(text)}: ${count(found, 'value')}`),
    `texts: ${count(texts, 'occurrence')}`,
    `changed: ${count(commits, 'commit')}, ${count(blobs, 'blob')}; ${answers} answers of requests went with them`,
  ];
  if (made !== undefined) {
    lines.push(`verified: seq ${made.seq}, chain ${made.chain}${texts > 0 ? '; no file of it has the text' : ''}`);
    if (made.missing.length > 0) lines.push(`blobs that the old store has lost: ${made.missing.length}`);
  }
  lines.push(...next.map((step) => `next: ${visible(step)}`));
  return `${lines.join('\n')}\n`;
}

function refuse(at: string, why: string): Result<never> {
  return fail({ code: 'invalid-input', issues: [{ at, why }] });
}
