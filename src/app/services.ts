// The services that tools use. Opened once per process by a verb or by cli/environment.ts, and passed to every call.
// The one place that puts store, documents, session binding, runner and maintenance together.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { shortId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { Documents, type View } from '../documents/documents.ts';
import { Maintenance } from '../documents/maintenance.ts';
import type { Workspace } from '../domain/session/document.ts';
import { FailureError, fail, ok, type Result } from '../failure/failure.ts';
import { selectPointers } from '../path/query.ts';
import type { LocatedPrograms } from '../runner/executors/command-programs.ts';
import { type ExecutorSettings, executorSettings } from '../runner/executors/settings.ts';
import { openBackend } from '../store/open.ts';
import type { CallMetrics } from '../telemetry/call-metrics.ts';
import { LogStats } from '../telemetry/log-stats.ts';
import type { Tracing } from '../telemetry/traces/tracing.ts';
import { openTasksOf, PlanIndex } from '../views/plan/plan-index.ts';
import { MailWatch } from '../views/team/mail-watch.ts';
import { AgentWindows } from './agent-windows.ts';
import { placed } from './moved-project.ts';
import { openRunner } from './own-runner.ts';
import { ReadyIndex } from './ready-index.ts';
import { SessionBinding } from './session-binding.ts';
import { findWorkspace } from './workspace.ts';

export interface Services {
  /** `serve`: agents call over MCP. `cli`: the command line makes one call. */
  role: 'serve' | 'cli';
  config: Config;
  log: Logger;
  documents: Documents;
  sessions: SessionBinding;
  windows: AgentWindows;
  mail: MailWatch;
  plans: PlanIndex;
  readyIndex: ReadyIndex;
  workspace: Workspace;
  /** The project of the directory itself, if the workspace goes on with another. */
  ownProject: string;
  /** The workspace's absolute directory, in which command nodes run. Never part of an answer. */
  workspaceRoot: string;
  /** What this process may perform of runs. */
  settings: ExecutorSettings;
  /** On the command line: performs the server's nodes of one run here, until the services are closed. */
  perform?(run: string): Promise<void>;
  /** Figures of the calls that this process has served; absent on the command line. */
  calls?: CallMetrics | undefined;
  /** Absent if no trace file is wanted. */
  tracing?: Tracing | undefined;
  /** Figures of the whole log. Reads no file before it is asked. */
  logStats?: LogStats | undefined;
}

/**
 * Opens everything that tools use; a server also starts its runner and maintenance. Fails if the store cannot be
 * opened, is of a newer format, or is missing while read-only. `close` ends the runner, gives up the session and closes
 * the store.
 */
export async function openServices(
  config: Config,
  log: Logger,
  role: 'serve' | 'cli',
  { located, ...observers }: Pick<Services, 'calls' | 'tracing'> & { located?: LocatedPrograms } = {},
): Promise<Result<Services & { close(): Promise<void> }>> {
  const { root, ...found } = findWorkspace(config.projectDir, config.home);
  const opened = await openDocuments(config);
  if (!opened.ok) return opened;
  const documents = opened.value;
  const workspace = followed(documents, found);
  const { user, session, clientSession, readOnly, actIn } = config;
  const serves = role === 'serve';
  const plans = new PlanIndex(documents);
  const tasksOf = (view: View, id: string): string[] => openTasksOf(plans.at(view), workspace.project, id);
  const sessions = new SessionBinding(documents, {
    user,
    session: actIn ?? session,
    clientSession,
    // Whoever runs it from an agent's window has that window's variables; everybody else is a person.
    person: role === 'cli' && session === undefined && clientSession === undefined,
    workspace,
    serves,
    readOnly,
    tasksOf,
  });
  const windows = new AgentWindows(documents.presence, serves);
  const maintenance =
    role === 'serve' && !config.readOnly
      ? new Maintenance(documents, { onTrouble: (err) => log.warn({ err }, 'maintenance') })
      : undefined;
  const ownSession = (): string | undefined => documents.peek((view) => sessions.find(view));
  const attempts = observers.tracing?.watch(documents, ownSession);
  const settings = executorSettings(config, root, located);
  const needs = { config, log, documents, workspace, root, settings, ownSession, attempts };
  const runner = await openRunner(needs, role);
  return ok({
    role,
    config,
    log,
    documents,
    sessions,
    windows,
    mail: new MailWatch(documents, workspace),
    plans,
    readyIndex: new ReadyIndex(documents),
    workspace,
    ownProject: found.project,
    workspaceRoot: root,
    settings,
    ...(role === 'cli' && { perform: runner.perform }),
    ...observers,
    logStats: new LogStats(path.join(config.stateDir, 'log'), (fault) => documents.store.note?.(fault)),
    close: async () => {
      await runner.close();
      await attempts?.close();
      windows.close();
      sessions.close();
      await maintenance?.stop();
      await documents.close();
    },
  });
}

/** The workspace with the project that it goes on with, also when that changes while this process runs. */
function followed(documents: Documents, found: Workspace): Workspace {
  // The view is kept, because its functions read the documents at the time of the call.
  const view = documents.peek((one) => one);
  const workspace = placed(view, { ...found });
  documents.onChange((commits) => {
    const moved = commits.some(({ commit }) => commit.events.some(({ type }) => type === 'project.adopted'));
    if (moved) Object.assign(workspace, placed(view, { ...found }));
  });
  return workspace;
}

async function openDocuments(config: Config): Promise<Result<Documents>> {
  if (config.readOnly && !existsSync(path.join(config.stateDir, 'log')))
    return fail({ code: 'read-only', why: 'there is no store yet, and a read-only server makes none' });
  const backend = openBackend({
    dir: config.stateDir,
    durability: config.durability,
    forceNetworkFs: config.forceNetworkFs,
    segmentBytes: config.segmentBytes,
    exclusively: async (dir, work) => (await import('./maintenance-lock.ts')).exclusively(dir, work),
  });
  try {
    const documents = new Documents({ ...backend, now: Date.now, id: shortId, select: selectPointers });
    const { stopped } = documents.store.info();
    if (stopped?.code !== 'store-newer') return ok(documents);
    // A store of a newer format cannot be read. It is not kept open, so that the next call sees whether it was
    // replaced.
    await documents.close();
    return fail(stopped);
  } catch (error) {
    if (error instanceof FailureError) return fail(error.failure);
    throw error;
  }
}
