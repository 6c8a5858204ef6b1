// Servers on a copy of the golden store of runs: any built program, with a clock that stops between calls; random parts
// of the answers are replaced.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

export type Answer = Record<string, unknown>;

/** Ids, by name, of what the golden store holds. */
export interface Names {
  /** When the last call of its making was answered, in ms since the epoch. */
  end: number;
  sessions: Record<string, string>;
  runs: Record<string, string>;
  claims: Record<string, string>;
  tasks: Record<string, string>;
}

export const GOLDEN_RUNS = path.resolve('test/store/golden/runs');
/** A directory of every POSIX machine: projects and workspaces are named by hashes of real paths. */
const WORKSPACE = '/usr';
const PRELOAD = path.resolve('test/store/fixtures/golden-clock.mjs');
const SECOND = 1_000;

/** A directory with a store and a clock. */
export class Place {
  readonly dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'baton-golden-')));
  readonly store = path.join(this.dir, 'state');
  /** How far a call moves the clock before it is sent. */
  stepMs = SECOND;
  private readonly clock = path.join(this.dir, 'clock');
  private readonly program: string;
  private readonly servers: GoldenServer[] = [];
  private nowMs = 0;

  /** `program`: main.js of a build. */
  constructor(program: string, nowMs: number) {
    this.program = program;
    // The workspace is `/usr`, in which no program of an allow-list may lie.
    fs.mkdirSync(path.join(this.dir, 'bin'));
    const node = `#!/bin/sh\nexec '${process.execPath}' "$@"\n`;
    fs.writeFileSync(path.join(this.dir, 'bin/node'), node, { mode: 0o755 });
    this.moveTo(nowMs);
  }

  get now(): number {
    return this.nowMs;
  }

  moveTo(ms: number): void {
    this.nowMs = ms;
    // Renamed into place: a server that reads it meanwhile never finds it empty.
    fs.writeFileSync(`${this.clock}.new`, String(ms));
    fs.renameSync(`${this.clock}.new`, this.clock);
  }

  env(boot: string): Record<string, string> {
    return {
      PATH: `${path.join(this.dir, 'bin')}:${process.env.PATH ?? ''}`,
      HOME: '/home/tester',
      NODE_OPTIONS: `--import=file://${PRELOAD}`,
      BATON_TEST_CLOCK: this.clock,
      BATON_TEST_BOOT: boot,
      BATON_STATE_DIR: this.store,
      BATON_PROJECT_DIR: WORKSPACE,
      BATON_TOOLSETS: 'all',
      BATON_CHECK_ANSWERS: '1',
    };
  }

  /** `commands`: the server runs command nodes, and nodes that hold on do so for so many milliseconds. */
  async server(options: { boot: string; session?: string | undefined; commands?: number }): Promise<GoldenServer> {
    const session = options.session === undefined ? {} : { BATON_SESSION: options.session };
    const hold = String(options.commands ?? 0);
    // A command gets few variables of its server, and every one of a locale.
    const commands = options.commands === undefined ? {} : { BATON_ALLOW_COMMANDS: 'node', LC_HOLD_MS: hold };
    const server = new GoldenServer(this, this.program, { ...this.env(options.boot), ...session, ...commands });
    this.servers.push(server);
    await server.connect();
    return server;
  }

  /** What a verb of the command line writes to stdout, whatever its exit code. */
  verb(...args: string[]): string {
    const argv = [this.program, ...args];
    return spawnSync(process.execPath, argv, { env: this.env('verb'), cwd: WORKSPACE, encoding: 'utf8' }).stdout;
  }

  /** Findings of doctor that are more than notes, and whether it calls the store sound. */
  doctor(): Answer {
    const { sound, findings } = JSON.parse(this.verb('doctor', '--json')) as { sound: boolean; findings: Answer[] };
    return { sound, findings: findings.filter(({ level }) => level !== 'note') };
  }

  async closeServers(): Promise<void> {
    await Promise.all(this.servers.splice(0).map((server) => server.close()));
  }

  async remove(): Promise<void> {
    await this.closeServers();
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A server in the workspace of the golden store, on the clock of its place. */
export class GoldenServer {
  private readonly client = new Client({ name: 'golden', version: '0' });
  private readonly transport: StdioClientTransport;
  private readonly place: Place;

  constructor(place: Place, program: string, env: Record<string, string>) {
    this.place = place;
    this.transport = new StdioClientTransport({
      command: process.execPath,
      args: [program],
      env,
      cwd: WORKSPACE,
      stderr: 'inherit',
    });
  }

  async connect(): Promise<void> {
    await this.client.connect(this.transport);
  }

  /** The answer, or what it failed with. */
  async ask(tool: string, args: Answer = {}): Promise<Answer> {
    this.place.moveTo(this.place.now + this.place.stepMs);
    const result = await this.client.callTool({ name: tool, arguments: args });
    if (result.isError !== true) return (result.structuredContent ?? {}) as Answer;
    const meta = result._meta as { 'baton/failure'?: Answer } | undefined;
    const [block] = result.content as { text: string }[];
    return { failure: meta?.['baton/failure'] ?? {}, text: block?.text ?? '' };
  }

  /** The answer; throws if the call fails. */
  async call(tool: string, args: Answer = {}): Promise<Answer> {
    const answer = await this.ask(tool, args);
    if (answer.failure !== undefined) throw new Error(`${tool} ${JSON.stringify(args)}: ${String(answer.text)}`);
    return answer;
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  /** SIGKILL, as a crash would be. */
  async kill(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.client.onclose = resolve;
    });
    process.kill(this.transport.pid ?? -1, 'SIGKILL');
    await ended;
  }
}

/** A copy of the golden store, with its log and blobs alone. */
export function goldenCopy(program: string): { place: Place; names: Names } {
  const names: Names = JSON.parse(fs.readFileSync(path.join(GOLDEN_RUNS, 'names.json'), 'utf8'));
  const place = new Place(program, names.end);
  for (const part of ['log', 'blobs'])
    fs.cpSync(path.join(GOLDEN_RUNS, part), path.join(place.store, part), { recursive: true });
  return { place, names };
}

const ID = /\b(ses|run|hnd|msg|dec)-[a-z0-9]{8}\b/g;
const CLAIM = /\b(run-[a-z0-9]{8}\.[a-z0-9][a-z0-9._-]*\.\d+)\.[a-z0-9]{6}\b/g;
const SERVER = /\bserver-\d+(-\d+(-[0-9a-f]{8})?)?\b/g;
/** Members that differ by chance, or that count commits: no answers to what was asked. */
const MASKED: Record<string, string> = { seq: '<seq>', not_before: '<later>', process: '<process>' };

/** Answers with numbered names for the ids that the golden store does not hold. */
export class Normaliser {
  private readonly known: string;
  private readonly numbers = new Map<string, string>();

  /** `known`: the text of the golden store. */
  constructor(known: string) {
    this.known = known;
  }

  of(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.of(item));
    if (typeof value !== 'object' || value === null) return value;
    const observed = 'grade' in value && value.grade === 'run-by-server';
    const entries = Object.entries(value).map(([key, member]) => {
      if (observed && key === 'duration_ms') return [key, '<ms>'];
      if (key === 'server' && typeof member === 'object') return [key, '<server>'];
      return [key, MASKED[key] ?? this.of(member)];
    });
    return Object.fromEntries(entries);
  }

  private text(text: string): string {
    return text
      .replace(CLAIM, (claim, stem: string) => (this.known.includes(claim) ? claim : `${stem}.<new>`))
      .replace(ID, (id, kind: string) => (this.known.includes(id) ? id : this.numbered(id, kind)))
      .replace(SERVER, 'server-<pid>');
  }

  private numbered(id: string, kind: string): string {
    const name = this.numbers.get(id) ?? `<${kind} ${this.numbers.size + 1}>`;
    this.numbers.set(id, name);
    return name;
  }
}
