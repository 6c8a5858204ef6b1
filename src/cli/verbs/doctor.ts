// The verb `doctor`: verifies the whole store, and says whether it is sound, what is wrong and what to do. Changes
// nothing without a switch that says so.

import { adoptDocument } from '../../admin/file/adopt.ts';
import { clearPoison, rebuildCaches } from '../../admin/file/repair.ts';
import { count, reportText } from '../../admin/file/report-text.ts';
import { type VerifyOptions, verifyStore } from '../../admin/file/verify.ts';
import type { Config } from '../../config/config.ts';
import { describeFailure } from '../../failure/describe.ts';
import { type Failure, ok, type Result } from '../../failure/failure.ts';
import { realDisk } from '../../store/file/disk.ts';
import { complain, exitCodes } from '../complain.ts';
import { offline, requireStore } from '../offline-verb.ts';
import { Progress, watchedDisk } from '../progress.ts';
import { renderJson } from '../render.ts';
import { readArguments } from '../verb-arguments.ts';

export const run = offline(doctorVerb);

async function doctorVerb(args: string[], config: Config): Promise<number> {
  const read = readArguments(args, { switches: ['json', 'clear-poison', 'rebuild-documents'], texts: ['adopt'] });
  if (!read.ok) return complain(read.failure);
  const missing = requireStore(config.stateDir);
  if (missing !== undefined) return complain(missing);
  const { stateDir: dir, durability, forceNetworkFs } = config;
  const progress = new Progress('reading the store');
  const options: VerifyOptions = { disk: watchedDisk(realDisk, progress), dir, durability, forceNetworkFs };
  const given = read.value;
  const refusals: Failure[] = [];
  const done: string[] = [];
  const act = async (work: () => Promise<Result<string>> | Result<string>): Promise<void> => {
    const result = config.readOnly
      ? { ok: false as const, failure: { code: 'read-only' as const, why: 'BATON_READ_ONLY is set' } }
      : await work();
    if (result.ok) done.push(result.value);
    else refusals.push(result.failure);
  };
  // In this order: a poisoned store takes no commit, so clear that first; then commit the edit; then rebuild caches.
  if (given.has('clear-poison')) await act(() => doClearPoison(options));
  const file = given.text('adopt');
  if (file !== undefined) await act(() => doAdopt(options, file, config.user));
  if (given.has('rebuild-documents')) await act(() => doRebuild(options));

  const { report } = verifyStore(options);
  progress.end();
  if (given.has('json')) {
    const refused = refusals.map((failure) => ({ ...failure, ...describeFailure(failure) }));
    process.stdout.write(renderJson({ ...report, done, refused }));
  } else {
    for (const line of done) process.stdout.write(`${line}\n`);
    for (const failure of refusals) complain(failure);
    process.stdout.write(reportText(report));
  }
  return report.sound && refusals.length === 0 ? exitCodes.done : exitCodes.store;
}

function doClearPoison(options: VerifyOptions): Result<string> {
  const cleared = clearPoison(options);
  if (!cleared.ok) return cleared;
  if (!cleared.value) return ok('there was no marker of a disk error: nothing to clear');
  return ok(
    'the marker of the disk error is gone: writers may enter again. The log reads soundly and the disk takes a sync; ' +
      'whether the last lines before the error are on the disk is certain only if the machine was restarted since. ' +
      'They were answered as unknown, so repeat those calls with the same request_id',
  );
}

async function doAdopt(options: VerifyOptions, file: string, user: string): Promise<Result<string>> {
  const adopted = await adoptDocument(options, file, { user });
  if (!adopted.ok) return adopted;
  const { stream, operations, seq } = adopted.value;
  if (operations === 0) return ok(`${file} says what the log says of ${stream}: nothing to commit`);
  return ok(`the edit of ${stream} is a commit now: seq ${seq}, ${count(operations, 'operation')}`);
}

async function doRebuild(options: VerifyOptions): Promise<Result<string>> {
  const { exclusively } = await import('../../app/maintenance-lock.ts');
  let result: Result<number> | undefined;
  await exclusively(options.dir, async () => {
    result = await rebuildCaches(options);
  });
  if (result === undefined) {
    const why = 'another process is writing documents at this moment; repeat in a few seconds';
    return { ok: false, failure: { code: 'not-allowed', what: 'rebuilding', why, how: 'repeat it' } };
  }
  return result.ok ? ok(`${result.value} documents and the checkpoint were written from the log`) : result;
}
