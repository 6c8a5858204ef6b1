// The program's entry: from argv to a verb. The only file that ends the process. Loads only the configuration before it
// knows the verb, since a client starts hooks again and again.

import type { Verb, VerbEntry } from './cli/verb.ts';
import type { VerbName } from './cli/verb-words.ts';
import { readConfig, takeFlags } from './config/config.ts';

// A verb is an entry here, a file in cli/verbs/ and its words in cli/verb-words.ts. A first word that is not in this
// table is the noun of a tool's command.
const verbs: Record<VerbName, VerbEntry> = {
  serve: { load: () => import('./cli/verbs/serve.ts') },
  doctor: { load: () => import('./cli/verbs/doctor.ts') },
  log: { load: () => import('./cli/verbs/log.ts') },
  backup: { load: () => import('./cli/verbs/backup.ts') },
  restore: { load: () => import('./cli/verbs/restore.ts') },
  export: { load: () => import('./cli/verbs/export.ts') },
  watch: { load: () => import('./cli/verbs/watch.ts') },
  board: { load: () => import('./cli/verbs/board.ts') },
  statusline: { neverFails: true, load: () => import('./cli/verbs/statusline.ts') },
  hook: { neverFails: true, silent: true, load: () => import('./cli/verbs/hook.ts') },
  import: { load: () => import('./cli/verbs/import.ts') },
  redact: { load: () => import('./cli/verbs/redact.ts') },
  intro: { load: () => import('./cli/verbs/intro.ts') },
  completion: { load: () => import('./cli/verbs/completion.ts') },
};

async function main(taken: ReturnType<typeof takeFlags>): Promise<number> {
  const code = await runVerb(taken);
  return verbNamed(taken)?.neverFails === true ? 0 : code;
}

async function runVerb(taken: ReturnType<typeof takeFlags>): Promise<number> {
  if (!taken.ok) return (await import('./cli/complain.ts')).complain(taken.failure);
  const config = readConfig(taken.value.flags);
  if (!config.ok) return (await import('./cli/complain.ts')).complain(config.failure);
  const [, ...args] = taken.value.rest;
  const entry = taken.value.rest.length === 0 ? withoutVerb() : verbNamed(taken);
  if (entry !== undefined) {
    const verb: Verb = await entry.load();
    return await verb.run(args, config.value);
  }
  const { runToolCommand } = await import('./cli/tool-command.ts');
  const { realEnvironment } = await import('./cli/environment.ts');
  return await runToolCommand(taken.value.rest, realEnvironment(config.value));
}

/** A client talks through pipes; on a terminal it is a person. */
function withoutVerb(): VerbEntry | undefined {
  return process.stdin.isTTY && process.stdout.isTTY ? verbs.intro : verbs.serve;
}

/** The verb to run; undefined for a tool's command, and for a verb's --help, which tool-command.ts prints. */
function verbNamed(taken: ReturnType<typeof takeFlags>): VerbEntry | undefined {
  const [name = '', ...args] = taken.ok ? taken.value.rest : process.argv.slice(2);
  return Object.hasOwn(verbs, name) && !args.includes('--help') && !args.includes('-h')
    ? verbs[name as VerbName]
    : undefined;
}

/** Resolves once the stream's buffer is written, which process.exit would discard, or its reader has left. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}

const taken = takeFlags(process.argv.slice(2));
const speaks = verbNamed(taken)?.silent !== true;
if (speaks) process.stdout.on('error', () => undefined);
const code = await main(taken).catch(async (error: unknown) => {
  const stack = process.argv.some((word) => /^(--log-level=)?(debug|trace)$/.test(word));
  return (await import('./cli/complain.ts')).complainOfFault(error, { stack });
});
if (speaks) await Promise.race([drained(process.stdout), new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
process.exit(code);
