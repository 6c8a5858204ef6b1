// Turns flags and environment variables into the Config that every verb gets. The only reader of process.env. main.ts
// calls it before anything else is loaded, so it imports no library: a hook must start nearly as fast as bare Node.

import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { ID_RULE, isId } from '../base/safe-id.ts';
import { refusedVariable } from '../base/variable-names.ts';
import { fail, type InputIssue, ok, type Result } from '../failure/failure.ts';

export const toolsetNames = ['state', 'session', 'plan', 'run', 'team', 'ops'] as const;
export type Toolset = (typeof toolsetNames)[number];

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Which tools a client is shown: whole sets without their opt-in tools, single tools by name, or everything. */
export interface ToolChoice {
  sets: Toolset[];
  tools: string[];
  all: boolean;
}

const SEGMENT_MIB = 32;
const MAX_SEGMENT_MIB = 1_024;

export interface Config {
  stateDir: string;
  durability: 'fsync' | 'none';
  toolsets: ToolChoice;
  readOnly: boolean;
  /** The session named by BATON_SESSION; a call's own session argument wins over it. */
  session?: string;
  /** The session in which a person's command acts (--session): the place, not the author. */
  actIn?: string;
  projectDir: string;
  /**
   * False if neither a flag nor a variable named the project: then projectDir is the working directory until the client
   * names its roots.
   */
  projectNamed: boolean;
  /** The client's own session id (CLAUDE_CODE_SESSION_ID): an alias of one of Baton's sessions. */
  clientSession?: string;
  /** The client's pid, as the client tells its hooks (CLAUDE_PID). */
  clientPid?: number;
  /** Programs that command nodes may run, by name or absolute path. Empty: none. */
  allowCommands: string[];
  /** Variables that command nodes may set beside the plain ones: names, or prefixes with a star. */
  allowEnv: string[];
  logLevel: LogLevel;
  forceNetworkFs: boolean;
  /** 0 means no limit. */
  maxCallsPerSecond: number;
  /** The size in bytes at which a segment of the log is sealed. */
  segmentBytes: number;
  /** Where spans of calls and attempts are written; no spans are written without it. */
  traceFile?: string;
  /** For development: check every answer against its tool's output schema. */
  checkAnswers: boolean;
  /** The terminal's width by the environment (COLUMNS). */
  columns?: number;
  user: string;
  cwd: string;
  home: string;
  /** The whole environment; a command node names the variables that its process gets. */
  childEnv: Record<string, string>;
}

type FlagName =
  | 'state-dir'
  | 'durability'
  | 'toolsets'
  | 'allow-commands'
  | 'allow-env'
  | 'log-level'
  | 'project-dir'
  | 'trace-file'
  | 'read-only';
export type Flags = Partial<Record<FlagName, string>>;

/** The flags that every verb understands, with their text for `--help`. A flag without `value` is a switch. */
export const globalFlags: { name: FlagName; value?: string; help: string }[] = [
  { name: 'state-dir', value: 'dir', help: 'where the store is (BATON_STATE_DIR; default ~/.claude/state)' },
  { name: 'durability', value: 'mode', help: 'fsync, or none for throw-away stores (BATON_DURABILITY)' },
  {
    name: 'toolsets',
    value: 'list',
    help: `tools to list: ${toolsetNames.join(',')}, tool names, or all (BATON_TOOLSETS)`,
  },
  { name: 'allow-commands', value: 'list', help: 'programs that command nodes may run (BATON_ALLOW_COMMANDS)' },
  { name: 'allow-env', value: 'list', help: 'variables that command nodes may set, such as APP_* (BATON_ALLOW_ENV)' },
  { name: 'log-level', value: 'level', help: `${logLevels.join(', ')} (BATON_LOG_LEVEL; default warn)` },
  {
    name: 'project-dir',
    value: 'dir',
    help: 'a directory of the workspace served (BATON_PROJECT_DIR, then CLAUDE_PROJECT_DIR)',
  },
  { name: 'trace-file', value: 'file', help: 'write spans of calls and attempts there (BATON_TRACE_FILE)' },
  { name: 'read-only', help: 'refuse every tool that changes something (BATON_READ_ONLY)' },
];

/**
 * Takes the global flags out of argv, wherever they stand before a `--`, as `--name value` or `--name=value`. Fails
 * with `invalid-input` if a flag that needs a value is the last word.
 */
export function takeFlags(argv: readonly string[]): Result<{ flags: Flags; rest: string[] }> {
  const flags: Flags = {};
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--') {
      rest.push(...argv.slice(i));
      break;
    }
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const flag = globalFlags.find((known) => name === `--${known.name}`);
    if (flag === undefined) {
      rest.push(word);
    } else if (equals >= 0) {
      flags[flag.name] = word.slice(equals + 1);
    } else if (flag.value === undefined) {
      flags[flag.name] = '1';
    } else {
      i++;
      const value = argv[i];
      if (value === undefined) return fail(invalid([{ at: `--${flag.name}`, why: `needs a value: <${flag.value}>` }]));
      flags[flag.name] = value;
    }
  }
  return ok({ flags, rest });
}

/**
 * Reads all settings; flags win over environment variables, and an empty string counts as absent. Fails with
 * `invalid-input` that names every fault at once.
 */
export function readConfig(flags: Flags, env: Record<string, string | undefined> = process.env): Result<Config> {
  const issues: InputIssue[] = [];
  const home = homedir();
  const cwd = process.cwd();
  const pick = (flag: FlagName, variable: string): Named => {
    const given = flags[flag];
    return given ? { at: `--${flag}`, text: given } : { at: variable, text: env[variable] || undefined };
  };
  const variable = (name: string): Named => ({ at: name, text: env[name] || undefined });

  const session = variable('BATON_SESSION');
  if (session.text !== undefined && !isId(session.text)) {
    issues.push({ at: session.at, why: `expected ${ID_RULE}` });
  }
  const clientSession = variable('CLAUDE_CODE_SESSION_ID').text;
  const clientPid = /^[1-9]\d{0,9}$/.exec(env.CLAUDE_PID ?? '')?.[0];
  const projectDir = pick('project-dir', 'BATON_PROJECT_DIR').text ?? variable('CLAUDE_PROJECT_DIR').text;
  // COLUMNS belongs to the shell, not to Baton: ignore a value that is no width.
  const columns = /^[1-9]\d{0,3}$/.exec(env.COLUMNS ?? '')?.[0];
  const stateDir = directory(pick('state-dir', 'BATON_STATE_DIR').text ?? '~/.claude/state', home, cwd);
  const trace = pick('trace-file', 'BATON_TRACE_FILE');
  const traceFile = trace.text === undefined ? undefined : directory(trace.text, home, cwd);
  // Refuse a trace file inside the store: spans appended to a file of the store would look like damage.
  if (traceFile !== undefined && `${traceFile}/`.startsWith(`${stateDir}/`))
    issues.push({ at: trace.at, why: 'lies in the state directory; choose a file elsewhere' });
  const config: Config = {
    stateDir,
    durability: oneOf(pick('durability', 'BATON_DURABILITY'), ['fsync', 'none'] as const, 'fsync', issues),
    toolsets: toolChoice(pick('toolsets', 'BATON_TOOLSETS'), issues),
    readOnly: flag(pick('read-only', 'BATON_READ_ONLY'), issues),
    projectDir: directory(projectDir ?? cwd, home, cwd),
    projectNamed: projectDir !== undefined,
    allowCommands: allowList(pick('allow-commands', 'BATON_ALLOW_COMMANDS'), issues),
    allowEnv: envList(pick('allow-env', 'BATON_ALLOW_ENV'), issues),
    logLevel: oneOf(pick('log-level', 'BATON_LOG_LEVEL'), logLevels, 'warn', issues),
    forceNetworkFs: flag(variable('BATON_FORCE_NETWORK_FS'), issues),
    maxCallsPerSecond: count(variable('BATON_MAX_CALLS_PER_SECOND'), 200, issues),
    segmentBytes: mebibytes(variable('BATON_SEGMENT_MIB'), issues),
    checkAnswers: flag(variable('BATON_CHECK_ANSWERS'), issues),
    user: userName(env),
    cwd,
    home,
    childEnv: definedOnly(env),
    ...(session.text !== undefined && { session: session.text }),
    ...(clientSession !== undefined && { clientSession }),
    ...(clientPid !== undefined && { clientPid: Number(clientPid) }),
    ...(traceFile !== undefined && { traceFile }),
    ...(columns !== undefined && { columns: Number(columns) }),
  };
  return issues.length > 0 ? fail(invalid(issues)) : ok(config);
}

interface Named {
  at: string;
  text: string | undefined;
}

function invalid(issues: InputIssue[]): { code: 'invalid-input'; issues: InputIssue[] } {
  return { code: 'invalid-input', issues };
}

function directory(text: string, home: string, cwd: string): string {
  // Expand `~` here: a client's configuration file passes it on without a shell.
  if (text === '~') return home;
  return text.startsWith('~/') ? join(home, text.slice(2)) : resolve(cwd, text);
}

function oneOf<T extends string>(given: Named, allowed: readonly T[], otherwise: T, issues: InputIssue[]): T {
  if (given.text === undefined) return otherwise;
  const found = allowed.find((value) => value === given.text);
  if (found === undefined) issues.push({ at: given.at, why: `expected one of ${allowed.join(', ')}` });
  return found ?? otherwise;
}

function flag(given: Named, issues: InputIssue[]): boolean {
  const text = given.text?.toLowerCase() ?? '0';
  if (['1', 'true', 'yes', 'on'].includes(text)) return true;
  if (!['0', 'false', 'no', 'off'].includes(text)) issues.push({ at: given.at, why: 'expected 1 or 0' });
  return false;
}

function count(given: Named, otherwise: number, issues: InputIssue[]): number {
  if (given.text === undefined) return otherwise;
  if (/^\d{1,9}$/.test(given.text)) return Number(given.text);
  issues.push({ at: given.at, why: 'expected a whole number; 0 means no limit' });
  return otherwise;
}

/** Bounded, because a reader takes a whole segment into memory, and each segment is a file. */
function mebibytes(given: Named, issues: InputIssue[]): number {
  const size = given.text === undefined ? SEGMENT_MIB : Number(given.text);
  if (Number.isInteger(size) && size >= 1 && size <= MAX_SEGMENT_MIB) return size * 2 ** 20;
  issues.push({ at: given.at, why: `expected a whole number of MiB from 1 to ${MAX_SEGMENT_MIB}` });
  return SEGMENT_MIB * 2 ** 20;
}

function list(given: Named): string[] {
  const words = (given.text ?? '').split(',').map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ''))];
}

function toolChoice(given: Named, issues: InputIssue[]): ToolChoice {
  if (given.text === undefined) return { sets: [...toolsetNames], tools: [], all: false };
  const choice: ToolChoice = { sets: [], tools: [], all: false };
  for (const word of list(given)) {
    const set = toolsetNames.find((name) => name === word);
    if (word === 'all') choice.all = true;
    else if (word === 'default') choice.sets.push(...toolsetNames);
    else if (set !== undefined) choice.sets.push(set);
    else if (/^[a-z]+_[a-z_]+$/.test(word)) choice.tools.push(word);
    else
      issues.push({
        at: given.at,
        why: `"${word}" is no toolset (${toolsetNames.join(', ')}, default, all) nor a tool name`,
      });
  }
  return choice;
}

function allowList(given: Named, issues: InputIssue[]): string[] {
  const words = list(given);
  for (const word of words) {
    // Allow a bare name or an absolute path only: a relative path would mean another program in each directory.
    if (!/^[\w.+-]+$/.test(word) && !word.startsWith('/')) {
      issues.push({ at: given.at, why: `"${word}" is neither a program's name nor an absolute path` });
    }
  }
  return words;
}

function envList(given: Named, issues: InputIssue[]): string[] {
  const words = list(given);
  for (const word of words) {
    const name = word.endsWith('_*') ? word.slice(0, -1) : word;
    const why = refusedVariable(name);
    if (why !== undefined) issues.push({ at: given.at, why: `"${word}" cannot be admitted: ${why}` });
  }
  return words;
}

function userName(env: Record<string, string | undefined>): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user id may have no entry in the password file.
    return env.USER || env.LOGNAME || 'unknown';
  }
}

function definedOnly(env: Record<string, string | undefined>): Record<string, string> {
  const copy: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) copy[name] = value;
  return copy;
}
