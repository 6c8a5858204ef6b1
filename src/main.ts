// The program's entry: from argv to a verb. The only file that ends the process. Loads only the configuration before it
// knows the verb, since a client starts hooks again and again.

import type { Verb, VerbEntry } from './cli/verb.ts';
import { readConfig, takeFlags } from './config/config.ts';

// A verb is an entry here and a file in cli/verbs/. A first word that is not in this table is the noun of a tool's
// command.
const verbs: Record<string, VerbEntry> = {
  serve: {
    summary: 'serve MCP on stdin and stdout (what happens without an argument)',
    load: () => import('./cli/verbs/serve.ts'),
  },
  doctor: {
    summary: 'look at the whole store: is it sound, and if not, what to do',
    usage:
      '--json                the report as data\n--adopt <file>        make an edit by hand of a document a ' +
      'commit\n--rebuild-documents   write all readable documents and the checkpoint from the log\n--clear-poison ' +
      '      ' +
      ' let writers in again after a disk error was put right\n\nExit code 0: sound. 2: not sound, the report ' +
      'says what ' +
      'to do.',
    load: () => import('./cli/verbs/doctor.ts'),
  },
  log: {
    summary: 'show the commits of the store',
    usage:
      '--at <seq>       one commit in full\n--from, --to     from and up to a seq\n--stream <name>  of one ' +
      'stream; task/ is every task\n--type <type>    of one type; task. is every type of tasks\n--limit <n>      the ' +
      'last n, or the first n after --from\n--follow         and those of any process as they come\n--json           ' +
      'one commit a line, whole',
    load: () => import('./cli/verbs/log.ts'),
  },
  backup: {
    summary: 'copy the store to a new directory while it is in use, and verify the copy',
    usage:
      'baton backup <directory> [--keep hourly=24,daily=7] [--json] [--before-damage]\n\n--keep <counts>  the ' +
      'directory holds several: add one, and keep the newest of so many hours and days\n--before-damage  of a ' +
      'damaged ' +
      'log, copy what comes before the damage',
    load: () => import('./cli/verbs/backup.ts'),
  },
  restore: {
    summary: 'make a backup a store again, in an empty --state-dir',
    usage: 'baton restore <backup> --state-dir <dir> [--json] [--drill]\n\n--drill  only try it, in a temporary place',
    load: () => import('./cli/verbs/restore.ts'),
  },
  export: {
    summary: 'write the lines of the log that count, line n being seq n',
    usage:
      '--to <file>   into a new file instead of stdout\n--from <seq>  from there on\n--documents   instead: every ' +
      'document as it is now, one a line',
    load: () => import('./cli/verbs/export.ts'),
  },
  watch: {
    summary: 'show the dashboard, and again whenever something changes',
    usage:
      'baton watch [view]\n\n--once          print it and end\n--format <f>    text, markdown, prometheus, json ' +
      'or csv: print it and end\n--width <n>     columns; default the terminal, 80 into a pipe\n\nOn a terminal 1 ' +
      'to 9 ' +
      'and 0 choose the view and q ends.',
    load: () => import('./cli/verbs/watch.ts'),
  },
  board: {
    summary: 'show the tasks of a sprint as columns',
    usage:
      'baton board [sprint]\n\nWithout a sprint: the current one, or all tasks of the project.\n\n--limit <n>     ' +
      'cards in a column\n--width <n>     columns; default the terminal, 80 into a pipe\n--json          as data',
    load: () => import('./cli/verbs/board.ts'),
  },
  statusline: {
    summary: "one line for a client's status line, which may hand it JSON on stdin",
    usage:
      '--width <n>     columns; default COLUMNS, else the terminal, else 120\n--color         colours though it ' +
      'is no terminal\n\nTrouble makes the line short or empty: the exit code is always 0.',
    neverFails: true,
    load: () => import('./cli/verbs/statusline.ts'),
  },
  hook: {
    summary: 'tell a session what its client reports as JSON on stdin: docs/hooks.md',
    usage: 'baton hook\n\nTrouble is one line on stderr: the exit code is always 0, and stdout stays empty.',
    neverFails: true,
    silent: true,
    load: () => import('./cli/verbs/hook.ts'),
  },
  import: {
    summary: 'take over tasks, state or messages of another program',
    usage:
      'baton import <file or directory> --from <kind>\n\n--from v2            JSON state files: their keys go ' +
      'into the session\n--from task-master   tasks.json with its tags, subtasks and dependencies\n--from beads   ' +
      '      ' +
      'issues as JSONL\n--from claude-tasks  ~/.claude/tasks, or one list of it\n--from messages      a folder of ' +
      'messages, into channel:imported\n--from baton         what baton export wrote, or a store or backup, into ' +
      'a new ' +
      'store\n--blobs DIR          where its blobs are, if not beside it\n--dry-run            only the ' +
      'report\n--json  ' +
      '             the report as data\n\nWhat was imported before stays as it is now.',
    load: () => import('./cli/verbs/import.ts'),
  },
  redact: {
    summary: 'write the store anew, in a new directory, without what must not be in it',
    usage:
      'baton redact <new directory> [--stream <name> --path <path>…] [--text-file <file>]… [--text ' +
      '<text>]…\n\n--stream <name>     a document, or a kind such as session/, that --path is of\n--path <path>   ' +
      '    ' +
      'what stands there and below, at any time; names and *\n--text-file <file>  the text in this file (- is ' +
      'standard ' +
      'input), wherever it stands in the store\n--text <text>       the same, on the command line: seen in the ' +
      'list of ' +
      'processes, kept by shells\n--dry-run           only count\n--json              the report as data\n\nThe old ' +
      'store is not changed.',
    load: () => import('./cli/verbs/redact.ts'),
  },
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
  const entry = taken.value.rest.length === 0 ? verbs.serve : verbNamed(taken);
  if (entry !== undefined) {
    const verb: Verb = await entry.load();
    return await verb.run(args, config.value);
  }
  const { runToolCommand } = await import('./cli/tool-command.ts');
  const { realEnvironment } = await import('./cli/environment.ts');
  return await runToolCommand(taken.value.rest, realEnvironment(config.value, verbs));
}

/** The verb to run; undefined for a tool's command, and for a verb's --help, which tool-command.ts prints. */
function verbNamed(taken: ReturnType<typeof takeFlags>): VerbEntry | undefined {
  const [name = '', ...args] = taken.ok ? taken.value.rest : process.argv.slice(2);
  return Object.hasOwn(verbs, name) && !args.includes('--help') && !args.includes('-h') ? verbs[name] : undefined;
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
