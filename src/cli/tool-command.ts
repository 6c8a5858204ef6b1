// `baton <noun> <verb>`: every tool as a command, generated from the list of tools and run through the same wrapper as
// over MCP. Loaded by main.ts for all words that are not its own verbs, including --help and --version.

import { Command, CommanderError } from 'commander';
import { describeFailure } from '../failure/describe.ts';
import type { Failure } from '../failure/failure.ts';
import type { Outcome } from '../telemetry/outcome.ts';
import { runCall } from '../tools/call/call.ts';
import { Cancellation } from '../tools/call/cancellation.ts';
import { Deadlines } from '../tools/call/deadlines.ts';
import { inputFrom, optionsFor } from './arguments.ts';
import { complain, exitCodes } from './complain.ts';
import type { CliEnvironment } from './environment.ts';
import { renderAnswer, renderJson } from './render.ts';

/** Runs one command line; resolves to its exit code. */
export async function runToolCommand<P>(argv: string[], env: CliEnvironment<P>): Promise<number> {
  let code: number = exitCodes.done;
  const program = buildProgram(env, async (name, input, json) => {
    code = await runTool(env, name, input, json);
  });
  try {
    // Commander's own `help` command knows only the first level of commands.
    const [first, ...rest] = argv;
    await program.parseAsync(first === 'help' ? [...rest, '--help'] : argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.input;
    throw error;
  }
}

type RunTool = (name: string, input: object, json: boolean) => Promise<void>;

function buildProgram<P>(env: CliEnvironment<P>, runTool: RunTool): Command {
  const program = new Command('baton')
    .description('Without a command: serve MCP on stdin and stdout.')
    .version(env.version, '--version')
    .helpCommand('help [command...]', 'say more about a command')
    .showHelpAfterError('  next: the same with --help says what there is')
    .exitOverride()
    .configureOutput({ writeOut: env.out, writeErr: env.err })
    .addHelpText('afterAll', ({ command }) =>
      command.parent === null ? `\n${flagHelp(env)}` : '\nFlags of every command, such as --state-dir: baton --help',
    );
  for (const verb of env.verbs) addVerb(program, verb);
  const nouns = new Map<string, Command>();
  for (const { tool, positional } of env.listings) {
    const [noun = '', verb = ''] = tool.name.split('_');
    // main.ts has a verb of this name; `baton hook` does what hook_event does.
    if (env.verbs.some(({ name }) => name === noun)) continue;
    const parent = nouns.get(noun) ?? program.command(noun);
    nouns.set(noun, parent);
    const command = parent
      .command(verb)
      .summary(tool.title)
      .description(`${tool.description}\n\nThe tool ${tool.name}.`);
    for (const name of positional) command.argument(`[${name}]`);
    const keys = new Map<string, string>();
    for (const { key, option } of optionsFor(tool.inputSchema)) {
      command.addOption(option);
      keys.set(option.attributeName(), key);
    }
    command.option('--json', 'print the answer as JSON');
    command.action(async () => {
      const given = new Map<string, unknown>();
      for (const [name, value] of Object.entries(command.opts())) {
        const key = keys.get(name);
        if (key !== undefined && command.getOptionValueSource(name) === 'cli') given.set(key, value);
      }
      await runTool(
        tool.name,
        inputFrom(tool.inputSchema, given, positional, command.args),
        command.opts().json === true,
      );
    });
  }
  for (const [noun, command] of nouns)
    command.description(`${noun}: ${command.commands.map((c) => c.name()).join(', ')}`);
  return program;
}

/**
 * Adds the help of a verb that main.ts runs itself. A first line of usage that begins with the call is the synopsis.
 */
function addVerb(program: Command, { name, summary, usage = '' }: CliEnvironment<unknown>['verbs'][number]): void {
  const [first = '', ...rest] = usage.split('\n');
  const call = first.startsWith(`baton ${name}`) ? first.slice(`baton ${name} `.length) : undefined;
  const more = call === undefined ? usage : rest.join('\n').trim();
  const command = program.command(name).summary(summary);
  command.description(`${summary}\n\n${more}`.trim()).usage(call ?? '[options]');
}

function flagHelp<P>(env: CliEnvironment<P>): string {
  const rows = env.flags.map((flag): [string, string] => [
    `--${flag.name}${flag.value === undefined ? '' : ` <${flag.value}>`}`,
    flag.help,
  ]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return `For every command:\n${rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')}`;
}

async function runTool<P>(env: CliEnvironment<P>, name: string, input: object, json: boolean): Promise<number> {
  const tool = (await env.tools()).find((one) => one.name === name);
  if (tool === undefined) return report(env, { code: 'unknown-tool', tool: name, near: [] }, json);
  const opened = await env.openServices();
  if (!opened.ok) return report(env, opened.failure, json);
  try {
    const cancellation = new Cancellation();
    env.signal.addEventListener('abort', () => cancellation.cancel(), { once: true });
    const outcome = await runCall({
      tool,
      input,
      services: async () => opened,
      config: env.config,
      log: env.log,
      cancellation,
      deadlines: new Deadlines(),
      progress: () => undefined,
    });
    return finish(env, outcome, json, tool.printed);
  } finally {
    await opened.value.close();
  }
}

function finish<P>(env: CliEnvironment<P>, outcome: Outcome, json: boolean, printed?: string): number {
  if (outcome.kind === 'failure') return report(env, outcome.failure, json);
  if (outcome.kind === 'bug') {
    env.err(`${outcome.text}\n`);
    return exitCodes.other;
  }
  const alone = json || printed === undefined ? undefined : Reflect.get(outcome.value, printed);
  if (typeof alone === 'string') printAlone(env, alone, outcome.value);
  else env.out(json ? renderJson(outcome.value) : renderAnswer(outcome.value));
  return exitCodes.done;
}

/** Prints a screen, table or figures alone on stdout, as other programs expect; a note on cut rows goes to stderr. */
function printAlone<P>(env: CliEnvironment<P>, text: string, answer: object): void {
  env.out(text.endsWith('\n') ? text : `${text}\n`);
  if ('cut' in answer && typeof answer.cut === 'string') env.err(renderAnswer({ cut: answer.cut }));
}

function report<P>(env: CliEnvironment<P>, failure: Failure, json: boolean): number {
  if (!json) return complain(failure, env.err);
  return complain(failure, () => env.err(renderJson({ error: { ...describeFailure(failure), ...failure } })));
}
