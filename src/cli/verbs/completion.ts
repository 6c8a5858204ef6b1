// The verb `completion`: prints a script that completes commands, options and their choices in bash, zsh or fish. The
// words are those of the program itself, so a new tool is completed without a change here.

import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import { complain, exitCodes } from '../complain.ts';
import { realEnvironment } from '../environment.ts';
import { buildProgram } from '../program.ts';
import { readArguments } from '../verb-arguments.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The one line that zsh's emulation of bash does not know. */
const MAPFILE = 'mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")';

/** The words that may follow a line of words, such as `task list` or `task list --status`. */
type Table = Map<string, string[]>;

export async function run(args: string[], config: Config): Promise<number> {
  const read = readArguments(args, { words: ['shell'] });
  if (!read.ok) return complain(read.failure);
  const [shell = ''] = read.value.words;
  const program = buildProgram(realEnvironment(config), async () => undefined);
  const scripts: Record<string, (table: Table) => string> = { bash, zsh, fish };
  const script = scripts[shell];
  if (script === undefined) {
    const why = `expected one of ${SHELLS.join(', ')}`;
    return complain({ code: 'invalid-input', issues: [{ at: 'shell', why }] });
  }
  process.stdout.write(script(wordsOf(program)));
  return exitCodes.done;
}

function wordsOf(program: Command): Table {
  const table: Table = new Map();
  const visit = (command: Command, line: string[]): void => {
    const options = command.options.filter(({ hidden }) => !hidden);
    const flags = options.flatMap(({ long }) => long ?? []);
    table.set(line.join(' '), [...command.commands.map((one) => one.name()), ...flags, '--help']);
    for (const { long, description } of options) {
      const choices = /\[([\w|-]+)\]/.exec(description)?.[1];
      if (long !== undefined && choices !== undefined) table.set([...line, long].join(' '), choices.split('|'));
    }
    for (const inner of command.commands) visit(inner, [...line, inner.name()]);
  };
  visit(program, []);
  return table;
}

function bash(table: Table): string {
  const cases = [...table].map(([line, words]) => `    '${line}') words='${words.join(' ')}' ;;`);
  return `# bash completion for baton: source <(baton completion bash)
_baton() {
  local line='' word words='' current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] && break
    line="\${line:+$line }$word"
  done
  while [[ -z $words ]]; do
    [[ $previous == --* ]] && _baton_words "$line $previous"
    [[ -n $words ]] || _baton_words "$line"
    [[ -n $words || -z $line ]] && break
    # A positional word: what its command takes goes on.
    if [[ $line == *' '* ]]; then line="\${line% *}"; else line=''; fi
  done
  ${MAPFILE}
}
_baton_words() {
  case "$1" in
${cases.join('\n')}
  esac
}
complete -o default -F _baton baton baton-mcp
`;
}

function zsh(table: Table): string {
  const script = bash(table).replace(MAPFILE, 'COMPREPLY=($(compgen -W "$words" -- "$current"))');
  return `#compdef baton baton-mcp
# zsh completion for baton: source <(baton completion zsh)
autoload -U +X bashcompinit && bashcompinit
${script}`;
}

function fish(table: Table): string {
  const lines = [...table].flatMap(([line, words]) => {
    const parts = line === '' ? [] : line.split(' ');
    const option = parts.at(-1)?.startsWith('--') === true ? parts.pop()?.slice(2) : undefined;
    const seen = parts.map((part) => `__fish_seen_subcommand_from ${part}`).join('; and ');
    const when = parts.length === 0 ? '__fish_use_subcommand' : seen;
    if (option !== undefined) return [`complete -c baton -n '${when}' -l ${option} -x -a '${words.join(' ')}'`];
    const plain = words.filter((word) => !word.startsWith('--'));
    const flags = words.filter((word) => word.startsWith('--'));
    return [
      ...(plain.length === 0 ? [] : [`complete -c baton -f -n '${when}' -a '${plain.join(' ')}'`]),
      ...flags.map((flag) => `complete -c baton -n '${when}' -l ${flag.slice(2)}`),
    ];
  });
  return `# fish completion for baton: baton completion fish | source\n${lines.join('\n')}\n`;
}
