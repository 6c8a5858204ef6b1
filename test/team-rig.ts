// Team tools on the memory backend: several windows, each a process of its own with its own session, on one log. The
// clock is the system's, which a test may set.

import { AgentWindows } from '../src/app/agent-windows.ts';
import { ReadyIndex } from '../src/app/ready-index.ts';
import type { Services } from '../src/app/services.ts';
import { SessionBinding } from '../src/app/session-binding.ts';
import { Documents } from '../src/documents/documents.ts';
import type { SessionFacts, Workspace } from '../src/domain/session/document.ts';
import type { Failure, Result } from '../src/failure/failure.ts';
import { selectPointers } from '../src/path/query.ts';
import { executorSettings } from '../src/runner/executors/settings.ts';
import { MemoryBlobs, MemoryLog, MemoryPresence, MemoryStore } from '../src/store/memory.ts';
import { tools } from '../src/tools/index.ts';
import { PlanIndex } from '../src/views/plan/plan-index.ts';
import { factsOf } from '../src/views/session/sessions.ts';
import { MailWatch } from '../src/views/team/mail-watch.ts';

export type Answer = Record<string, unknown>;

const workspace: Workspace = { project: 'prj-1', projectName: 'demo', workspace: 'wsp-1', directory: '~/demo' };

export class TeamRig {
  readonly log = new MemoryLog();
  readonly blobs = new MemoryBlobs();
  readonly presence = new MemoryPresence();
  private ids = 0;

  /** A new window with a session of its own. */
  async window(
    name: string,
    agents: Record<string, 'orchestrator' | 'coordinator' | 'worker'> = {},
    project = workspace.project,
  ): Promise<Window> {
    const window = this.process(name, project);
    const started = await window.call('session_start', { name, resume: 'new' });
    window.session = String(started.session);
    for (const [agent, tier] of Object.entries(agents)) {
      await window.call('session_update', { agent: { name: agent, tier } });
    }
    return window;
  }

  /** A process for a client's session, whether or not there is one already: a window that was opened again, say. */
  process(clientSession: string, project = workspace.project): Window {
    const documents = new Documents({
      openStore: (onCommits) => new MemoryStore(this.log, onCommits),
      blobs: this.blobs,
      presence: this.presence,
      now: () => Date.now(),
      id: (prefix) => {
        this.ids += 1;
        return `${prefix}-${String(this.ids).padStart(8, '0')}`;
      },
      select: selectPointers,
    });
    const here = { ...workspace, project };
    const sessions = new SessionBinding(documents, { user: 'tester', clientSession, workspace: here, serves: true });
    const mail = new MailWatch(documents, here);
    const readyIndex = new ReadyIndex(documents);
    const config = { allowCommands: [], allowEnv: [], childEnv: {}, home: '/nowhere' };
    const settings = executorSettings(config, '/nowhere');
    const place = { role: 'serve', workspace: here, ownProject: project, workspaceRoot: '/nowhere', settings };
    const windows = new AgentWindows(this.presence, true);
    const plans = new PlanIndex(documents);
    const services = { config, readyIndex, documents, sessions, windows, mail, plans, ...place };
    return new Window(services as unknown as Services);
  }

  get lines(): number {
    return this.log.lines.length;
  }

  /** Bytes of the lines from one on. */
  bytesFrom(line: number): number {
    return this.log.lines.slice(line).reduce((sum, one) => sum + one.length, 0);
  }
}

export class Window {
  readonly services: Services;
  session = '';

  constructor(services: Services) {
    this.services = services;
  }

  /** The answer of a call; throws if it fails. */
  async call(name: string, args: object = {}): Promise<Answer> {
    const result = await this.run(name, args);
    if (!result.ok) throw new Error(`${name}: ${JSON.stringify(result.failure)}`);
    return { ...result.value };
  }

  async fail(name: string, args: object = {}): Promise<Failure> {
    const result = await this.run(name, args);
    if (result.ok) throw new Error(`${name} did not fail: ${JSON.stringify(result.value)}`);
    return result.failure;
  }

  async run(name: string, args: object, signal = new AbortController().signal): Promise<Result<object>> {
    const tool = tools.find((one) => one.name === name);
    if (tool === undefined) throw new Error(`no tool ${name}`);
    const seconds = tool.answers.maxSeconds ?? 30;
    const call = {
      services: this.services,
      signal,
      deadlineAt: Date.now() + seconds * 1_000,
      progress: () => undefined,
    };
    const result = await tool.invoke(args, call);
    if (result.ok) tool.output.parse(result.value);
    return result;
  }

  /** Unread messages, each as `sender: text`. */
  async read(args: object = {}): Promise<string[]> {
    const { messages } = await this.call('message_read', args);
    return (messages as { from: string; text: string }[]).map(({ from, text }) => `${from}: ${text}`);
  }

  facts(): Readonly<SessionFacts> | undefined {
    return this.services.documents.peek((view) => factsOf(view, this.session));
  }

  doc<T extends object>(stream: string): T | undefined {
    return this.services.documents.peek((view) => structuredClone(view.get<T>(stream)) as T | undefined);
  }
}

/** The rows of an answer under a key. */
export function rows(answer: Answer, key: string): Answer[] {
  return answer[key] as Answer[];
}
