// Builds the commands of the command line: one for each tool, the short ones beside them, and the help of the verbs
// that main.ts runs itself. Used by tool-command.ts, the completions and the manual page.

import { Command, Help } from 'commander';
import type { Listing } from '../tools/describe.ts';
import { optionsFor } from './arguments.ts';
import type { CliEnvironment } from './environment.ts';
import { examples } from './examples.ts';
import { WAITS } from './run-wait.ts';
import { type Shortcut, shortcuts } from './shortcuts.ts';
import type { Words } from './values.ts';

/** What a command line asks for. */
export interface Asked {
  tool: string;
  fixed: Shortcut['fixed'];
  words: Words;
  json: boolean;
  /** Stays until the run that was started has ended. */
  wait: boolean;
  /** The session in which a tool without the argument `session` acts. */
  actIn: string | undefined;
}

export type ProgramParts = Pick<CliEnvironment<unknown>, 'version' | 'verbs' | 'flags' | 'listings' | 'columns'> & {
  out(text: string): void;
  err(text: string): void;
};

const FILES = 'Any value: - reads it from standard input, --<name>-file PATH from a file.';

/** The program. `run` is called with what the parsed command line asks for. */
export function buildProgram(parts: ProgramParts, run: (asked: Asked) => Promise<void>): Command {
  const program = new Command('baton')
    .description('Keeps the work of coding agents. Without a command: serve MCP on stdin and stdout.')
    .version(parts.version, '-v, --version')
    .helpCommand('help [command...]', 'say more about a command')
    .showHelpAfterError('  next: the same with --help says what there is')
    .exitOverride()
    .configureOutput({
      ...{ writeOut: parts.out, writeErr: parts.err },
      ...{ getOutHelpWidth: () => parts.columns, getErrHelpWidth: () => parts.columns },
    })
    .addHelpText('afterAll', ({ command }) =>
      command.parent === null ? `\n${flagHelp(parts)}` : '\nFlags of every command, such as --state-dir: baton --help',
    );
  for (const verb of parts.verbs) addVerb(program, verb, parts.columns);
  const nouns = new Map<string, Command>();
  for (const listing of parts.listings) {
    const [noun = '', verb = ''] = listing.tool.name.split('_');
    // main.ts has a verb of this name; `baton hook` does what hook_event does.
    if (parts.verbs.some(({ name }) => name === noun)) continue;
    const parent = nouns.get(noun) ?? program.command(noun);
    nouns.set(noun, parent);
    addTool(parent, verb, listing, run);
  }
  for (const shortcut of shortcuts) {
    const parent = nouns.get(shortcut.noun);
    const listing = parts.listings.find(({ tool }) => tool.name === shortcut.tool);
    if (listing === undefined) continue;
    const made = parent ?? program.command(shortcut.noun);
    nouns.set(shortcut.noun, made);
    addTool(made, shortcut.verb, listing, run, shortcut);
  }
  for (const [noun, command] of nouns)
    command.description(`${noun}: ${command.commands.map((c) => c.name()).join(', ')}`);
  return program;
}

function addTool(
  parent: Command,
  verb: string,
  { tool, positional: usual }: Listing,
  run: (asked: Asked) => Promise<void>,
  shortcut?: Shortcut,
): void {
  const { positional = usual, fixed = {}, summary = tool.title, example = examples[tool.name] } = shortcut ?? {};
  const about = shortcut === undefined ? `${tool.description}\n\nThe tool ${tool.name}.` : `${summary}.`;
  const command = parent.command(verb).summary(summary).description(about);
  for (const [index, name] of positional.entries())
    command.argument(shortcut?.needed === true && index === 0 ? `<${name}>` : `[${name}]`);
  const keys = new Map<string, string>();
  const files = new Map<string, string>();
  for (const { key, option, fileOption } of optionsFor(tool.inputSchema)) {
    if (key in fixed) continue;
    command.addOption(option);
    keys.set(option.attributeName(), key);
    if (fileOption === undefined) continue;
    command.addOption(fileOption);
    files.set(fileOption.attributeName(), key);
  }
  const places = ![...keys.values()].includes('session') && !('session' in fixed);
  if (places) command.option('--session <session>', 'the session to act in, where several are open');
  command.option('--json', 'print the answer as JSON');
  if (tool.name === WAITS.tool) command.option('--wait', WAITS.help);
  if (example !== undefined) command.addHelpText('after', `\nExample:\n  ${example}\n\n${FILES}`);
  command.action(async () => {
    const words = { given: new Map<string, unknown>(), files: new Map<string, string>(), positional };
    for (const [name, value] of Object.entries(command.opts())) {
      if (command.getOptionValueSource(name) !== 'cli') continue;
      const [key, file] = [keys.get(name), files.get(name)];
      if (key !== undefined) words.given.set(key, value);
      if (file !== undefined) words.files.set(file, String(value));
    }
    const { json, wait, session } = command.opts();
    const actIn = places && typeof session === 'string' ? session : undefined;
    const how = { json: json === true, wait: wait === true, actIn };
    await run({ tool: tool.name, fixed, words: { ...words, words: command.args }, ...how });
  });
}

/**
 * Adds the help of a verb that main.ts runs itself. A first line of usage that begins with the call is the synopsis.
 */
function addVerb(
  program: Command,
  { name, summary, usage = '', example }: ProgramParts['verbs'][number],
  columns: number,
): void {
  const [first = '', ...rest] = usage.split('\n');
  const call = first.startsWith(`baton ${name}`) ? first.slice(`baton ${name} `.length) : undefined;
  const more = call === undefined ? usage : rest.join('\n').trim();
  const command = program.command(name).summary(summary);
  const text = more.split('\n').map((line) => wrapped(line, columns));
  command.description(`${summary}\n\n${text.join('\n')}`.trim()).usage(call ?? '[options]');
  if (example !== undefined) command.addHelpText('after', `\nExample:\n  ${example}`);
}

/** A line with its words wrapped, so that an option's text goes on below its beginning. */
function wrapped(line: string, columns: number): string {
  const [, left = '', right = line] = /^(\S.*? {2,})(.*)$/.exec(line) ?? [];
  return new Help()
    .boxWrap(right, Math.max(30, columns - left.length))
    .split('\n')
    .map((part, index) => `${index === 0 ? left : ' '.repeat(left.length)}${part}`)
    .join('\n');
}

function flagHelp({ flags, columns }: ProgramParts): string {
  const rows = flags.map((flag): [string, string] => [
    `--${flag.name}${flag.value === undefined ? '' : ` <${flag.value}>`}`,
    flag.help,
  ]);
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => wrapped(`${left.padEnd(width)}  ${right}`, columns - 2));
  return `For every command:\n${lines.join('\n').replaceAll(/^/gm, '  ')}`;
}
