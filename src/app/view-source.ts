// Builds the Source that views read, from the services. Used by dashboard_get, state_get, the prompt dashboard and the
// verb watch.

import { withoutHome } from '../base/display.ts';
import { version } from '../base/version.ts';
import type { View } from '../documents/documents.ts';
import { alertFacts } from '../views/health/alert-facts.ts';
import { checksOf } from '../views/health/alerts.ts';
import type { Cell, Source } from '../views/source.ts';
import type { Services } from './services.ts';

/**
 * Resolves to a function that makes a Source of one view. With `needsLog` the log's figures are read first, so that
 * they are no newer than the view, and the read that gives the view makes them durable too. `now` is in ms since the
 * epoch; `asked` is the session that asks and its project, if another than this process's.
 */
export async function sourceOf(
  services: Services,
  needsLog: boolean,
): Promise<(view: View, now: number, asked?: Pick<Source, 'project' | 'session'>) => Source> {
  const { documents, workspace, sessions, calls, logStats } = services;
  const log = needsLog ? await logStats?.facts(documents.peek((view) => view.seq)) : undefined;
  const project = { id: workspace.project, name: workspace.projectName };
  return (view, now, asked = { project, session: sessions.find(view) }) => {
    const seen = { lastSeen: once((who: string) => documents.presence.lastSeen(who)) };
    const facts = {
      view,
      now,
      presence: seen,
      ...asked,
      store: documents.store.info(),
      plan: once(() => services.plans.at(view)),
      log,
      served: once(() => documents.presence.served()),
      graph: (hash: string) => documents.definitions.get(hash),
    };
    return {
      ...facts,
      got: once(() => services.mail.gotSoFar()),
      checks: once(() => checksOf(alertFacts(facts))),
      // A getter, because figures of the process cost as much as the rest of a small view, and few views show them.
      get process() {
        return processFacts(services);
      },
      get calls() {
        return calls?.facts();
      },
    };
  };
}

/** Caches a function's answers, so that one view sees one answer to each question and asks the disk once. */
function once<T>(ask: () => T): () => T;
function once<T>(ask: (about: string) => T): (about: string) => T;
function once<T>(ask: (about: string) => T): (about?: string) => T {
  const answers = new Map<string, T>();
  return (about = '') => {
    const known = answers.get(about);
    if (known !== undefined || answers.has(about)) return known as T;
    const answer = ask(about);
    answers.set(about, answer);
    return answer;
  };
}

function processFacts({ config, documents, workspace, mail, tracing }: Services): Source['process'] {
  const { rss, heapUsed } = process.memoryUsage();
  const { toolsets, allowCommands, allowEnv } = config;
  const home = (path: string): string => withoutHome(path, config.home);
  const settings: Record<string, Cell> = {
    state_dir: home(config.stateDir),
    workspace: workspace.directory,
    toolsets: toolsets.all ? 'all' : [...toolsets.sets, ...toolsets.tools].join(', '),
    read_only: config.readOnly,
    allow_commands: allowCommands.length === 0 ? 'none' : allowCommands.join(', '),
    allow_env: allowEnv.length === 0 ? 'none' : allowEnv.join(', '),
    max_calls_per_second: config.maxCallsPerSecond,
    log_level: config.logLevel,
    trace_file: config.traceFile === undefined ? 'none' : home(config.traceFile),
    node: process.versions.node,
  };
  const uptimeMs = Math.round(process.uptime() * 1000);
  const caches = [
    { cache: 'documents', ...documents.counts() },
    { cache: 'graphs', ...documents.definitions.counts() },
    { cache: 'mail note', ...mail.counts() },
  ];
  const facts = { version, pid: process.pid, uptime_ms: uptimeMs, rss_bytes: rss, heap_bytes: heapUsed };
  return { ...facts, caches, settings, spans: tracing?.counts() };
}
