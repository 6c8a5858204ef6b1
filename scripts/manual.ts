// Renders the manual page baton(1) from the tables of the command line. Called by gen.ts.

import { shortcuts } from '../src/cli/shortcuts.ts';
import { verbWords } from '../src/cli/verb-words.ts';
import { globalFlags } from '../src/config/config.ts';
import type { Listing } from '../src/tools/describe.ts';

/** docs/baton.1, in the macros of man(7). */
export function manualPage(listings: readonly Listing[], version: string): string {
  // A verb of the tool's noun does what the tool does.
  const commands = listings.filter(({ tool }) => !((tool.name.split('_')[0] ?? '') in verbWords));
  const tools = commands.map(({ tool, positional }): [string, string] => [
    `baton ${tool.name.replace('_', ' ')}${positional.map((name) => ` [${name}]`).join('')}`,
    tool.title,
  ]);
  const short = shortcuts.map(({ noun, verb, positional, summary }): [string, string] => [
    `baton ${noun} ${verb}${positional.map((name) => ` [${name}]`).join('')}`,
    summary,
  ]);
  const own = Object.entries(verbWords).map(([name, { summary, example }]): [string, string] => [
    `baton ${name}`,
    `${summary}. Example: ${example}`,
  ]);
  const flags = globalFlags.map(({ name, value, help }): [string, string] => [
    `--${name}${value === undefined ? '' : ` <${value}>`}`,
    help,
  ]);
  return [
    `.TH BATON 1 "" "baton ${version}"`,
    section('NAME', 'baton \\- keeps the work of coding agents'),
    section('SYNOPSIS', '.B baton\n[flags] <command> [arguments]'),
    section(
      'DESCRIPTION',
      text(
        'Serves the Model Context Protocol on standard input and output to agents, and is a command line for people on ' +
          'the same store: state, sessions, plans, and runs that many agents execute. Without a command it serves, or ' +
          'on a terminal says how to begin.',
      ),
    ),
    section('COMMANDS', list(own)),
    section('SHORT COMMANDS', list(short)),
    section('TOOLS AS COMMANDS', list(tools)),
    section('FLAGS OF EVERY COMMAND', list(flags)),
    section(
      'VALUES',
      text('The value - is read from standard input; --<name>-file PATH reads the value of --<name> from a file.'),
    ),
    section(
      'EXIT STATUS',
      list([
        ['0', 'done'],
        ['1', 'wrong usage or input'],
        ['2', 'a failure of the store'],
        ['3', 'any other failure'],
      ]),
    ),
    '',
  ].join('\n');
}

function section(title: string, body: string): string {
  return `.SH ${title}\n${body}`;
}

function list(rows: readonly [string, string][]): string {
  return rows.map(([term, about]) => `.TP\n.B ${text(term)}\n${text(about)}`).join('\n');
}

/** Text of the page: no line may begin as a macro, and no character may be taken as an escape. */
function text(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
}
