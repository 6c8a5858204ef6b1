// `baton <noun> <verb>`: every tool as a command, generated from the list of tools and run through the same wrapper as
// over MCP. Loaded by main.ts for all words that are not its own verbs, including --help and --version.

import { CommanderError } from 'commander';
import { describeFailure } from '../failure/describe.ts';
import type { Failure } from '../failure/failure.ts';
import type { Outcome } from '../telemetry/outcome.ts';
import { runCall } from '../tools/call/call.ts';
import { Cancellation } from '../tools/call/cancellation.ts';
import { Deadlines } from '../tools/call/deadlines.ts';
import type { Tool } from '../tools/define.ts';
import { asCommands } from './as-command.ts';
import { complain, exitCodes, knownTools } from './complain.ts';
import type { CliEnvironment } from './environment.ts';
import { type Asked, buildProgram } from './program.ts';
import { paintScreen, renderAnswer, renderJson } from './render.ts';
import { hasFinished, waitForRun } from './run-wait.ts';
import { readInput } from './values.ts';

/** The widths that dashboard_get takes. */
const MIN_SCREEN = 40;
const MAX_SCREEN = 200;

/** Runs one command line; resolves to its exit code. */
export async function runToolCommand<P>(argv: string[], env: CliEnvironment<P>): Promise<number> {
  let code: number = exitCodes.done;
  const program = buildProgram(env, async (asked) => {
    code = await runTool(env, asked);
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

async function runTool<P>(env: CliEnvironment<P>, asked: Asked): Promise<number> {
  const { tool: name, fixed, words, json, wait, actIn } = asked;
  const tools = await env.tools();
  const tool = tools.find((one) => one.name === name);
  const listing = env.listings.find((one) => one.tool.name === name);
  if (tool === undefined || listing === undefined)
    return report(env, { code: 'unknown-tool', tool: name, near: [] }, json);
  const given = await readInput(listing.tool.inputSchema, words, env.config.cwd);
  if (!given.ok) return report(env, given.failure, json);
  const screen = json ? {} : screenOf(env, name, given.value);
  const input = { ...screen, ...given.value, ...fixed };
  const opened = await env.openServices(actIn);
  if (!opened.ok) return report(env, opened.failure, json);
  try {
    const cancellation = new Cancellation();
    env.signal.addEventListener('abort', () => cancellation.cancel(), { once: true });
    const call = (called: Tool<P>, given: object): Promise<Outcome> =>
      runCall({
        tool: called,
        input: given,
        services: async () => opened,
        config: env.config,
        log: env.log,
        cancellation,
        deadlines: new Deadlines(),
        progress: () => undefined,
      });
    const outcome = await call(tool, input);
    if (!wait) return finish(env, outcome, json, tool.printed);
    const ended = await waitForRun(outcome, {
      call: (other, given) => call(tools.find((one) => one.name === other) ?? tool, given),
      perform: (run) => env.perform(opened.value, run),
      signal: env.signal,
      say: env.err,
    });
    const code = finish(env, ended, json);
    return code === exitCodes.done && ended !== outcome && !hasFinished(ended) ? exitCodes.other : code;
  } finally {
    await opened.value.close();
  }
}

/** A view is shown to a person as a screen of the terminal's width, unless the command line asks for another form. */
function screenOf<P>({ columns }: CliEnvironment<P>, tool: string, given: object): object {
  return tool === 'dashboard_get' && !('format' in given)
    ? { format: 'text', width: Math.max(MIN_SCREEN, Math.min(MAX_SCREEN, columns)) }
    : {};
}

function finish<P>(env: CliEnvironment<P>, outcome: Outcome, json: boolean, printed?: string): number {
  if (outcome.kind === 'failure') return report(env, outcome.failure, json);
  if (outcome.kind === 'bug') {
    env.err(`${outcome.text}\n`);
    return exitCodes.other;
  }
  const answer = json ? outcome.value : withCommands(outcome.value);
  const alone = json || printed === undefined ? undefined : Reflect.get(answer, printed);
  if (typeof alone === 'string') printAlone(env, alone, answer);
  else env.out(json ? renderJson(answer) : renderAnswer(answer, env.columns, env.paint));
  return exitCodes.done;
}

/** The answer with the calls that its note names as commands. */
function withCommands(answer: object): object {
  if (!('note' in answer) || typeof answer.note !== 'string') return answer;
  return {
    ...answer,
    note: asCommands(answer.note, knownTools),
  };
}

/** Prints a screen, table or figures alone on stdout, as other programs expect; a note on cut rows goes to stderr. */
function printAlone<P>(env: CliEnvironment<P>, text: string, answer: object): void {
  const shown = env.paint === undefined ? text : paintScreen(text, env.paint);
  env.out(shown.endsWith('\n') ? shown : `${shown}\n`);
  if ('cut' in answer && typeof answer.cut === 'string') env.err(renderAnswer({ cut: answer.cut }, env.columns));
}

function report<P>(env: CliEnvironment<P>, failure: Failure, json: boolean): number {
  if (!json) return complain(failure, env.err);
  return complain(failure, () => env.err(renderJson({ error: { ...describeFailure(failure), ...failure } })));
}
