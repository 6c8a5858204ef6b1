// The verb `export`: writes the valid lines of the log, or the current documents, to stdout or into a new file.

import fs from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { exportDocuments, exportLines } from '../../admin/export/export.ts';
import type { Config } from '../../config/config.ts';
import type { Failure } from '../../failure/failure.ts';
import { errnoOf, realDisk, syncDirectory } from '../../store/file/disk.ts';
import { LogReader } from '../../store/file/past/log-reader.ts';
import { complain, exitCodes } from '../complain.ts';
import { offline, requireStore } from '../offline-verb.ts';
import { Output } from '../output.ts';
import { readArguments } from '../verb-arguments.ts';

export const run = offline(exportVerb);

async function exportVerb(args: string[], config: Config): Promise<number> {
  const read = readArguments(args, { switches: ['documents'], texts: ['to'], counts: ['from'] });
  if (!read.ok) return complain(read.failure);
  const given = read.value;
  const missing = requireStore(config.stateDir);
  if (missing !== undefined) return complain(missing);
  const from = given.count('from');
  if (from !== undefined && given.has('documents'))
    return refuse('--from', 'is about lines; documents are as they are now');
  const reader = new LogReader(realDisk, `${config.stateDir}/log`);
  const lines = given.has('documents') ? exportDocuments(reader) : exportLines(reader, from ?? 0);
  const to = given.text('to');
  if (to === undefined) await send(lines, process.stdout, reader, config);
  else {
    const trouble = await writeFile(path.resolve(config.cwd, to), (stream) => send(lines, stream, reader, config));
    if (trouble !== undefined) return complain(trouble);
  }
  const fault = reader.fault();
  if (fault === undefined) return exitCodes.done;
  process.stderr.write('the export ends before the damage: what it has is sound\n');
  return complain(fault);
}

async function send(lines: Iterable<Buffer>, stream: Writable, reader: LogReader, config: Config): Promise<void> {
  const out = new Output(stream, config.durability === 'fsync' ? () => reader.flush() : () => undefined);
  for (const bytes of lines) {
    const full = out.write(bytes);
    if (full !== undefined) await full;
    if (!out.open) return;
  }
  await out.flush();
}

/** Writes a file that appears whole and never replaces another. Resolves to a failure, or undefined if it is done. */
async function writeFile(target: string, fill: (stream: Writable) => Promise<void>): Promise<Failure | undefined> {
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    if (fs.existsSync(target))
      return { code: 'invalid-input', issues: [{ at: '--to', why: `${target} is there already` }] };
    const stream = fs.createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true });
    // A write error rejects `ended`, awaited below; without a listener it would end the process.
    const ended = new Promise<void>((resolve, reject) => stream.on('error', reject).on('close', () => resolve()));
    ended.catch(() => undefined);
    await fill(stream);
    stream.end();
    await ended;
    // link(2) instead of rename(2), because it fails if the target has appeared meanwhile.
    fs.linkSync(temporary, target);
    syncDirectory(realDisk, path.dirname(target));
    return undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno === 'ENOSPC') return { code: 'store-full', syscall: 'write', errno };
    return { code: 'invalid-input', issues: [{ at: '--to', why: `${target} cannot be written (${errno})` }] };
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

function refuse(at: string, why: string): number {
  return complain({ code: 'invalid-input', issues: [{ at, why }] });
}
