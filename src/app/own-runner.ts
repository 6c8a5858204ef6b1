// The runner of this process: from the start where the options admit some kind of node, for one run where the command
// line asks for it, and otherwise once runs of the workspace need tending. Opened by services.ts.

import { selectPointers } from '../path/query.ts';
import { performsAny } from '../runner/executors/index.ts';
import type { Runner } from '../runner/runner.ts';
import type { AttemptSpans } from '../telemetry/traces/attempts.ts';
import type { Services } from './services.ts';
import { onTending } from './tending.ts';

interface RunnerNeeds extends Pick<Services, 'config' | 'log' | 'documents' | 'workspace' | 'settings'> {
  root: string;
  ownSession(): string | undefined;
  attempts: AttemptSpans | undefined;
}

export interface OwnRunner {
  /** Performs the server's nodes of one run, if the options admit any. */
  perform(run: string): Promise<void>;
  close(): Promise<void>;
}

export async function openRunner(needs: RunnerNeeds, role: Services['role']): Promise<OwnRunner> {
  const { config, log, documents, workspace, settings } = needs;
  const performs = performsAny(settings) && !config.readOnly;
  let runner = role === 'serve' && performs ? startRunner(needs) : undefined;
  await runner;
  const tend = (): void => {
    runner ??= startRunner(needs);
    runner.catch((err: unknown) => log.warn({ err }, 'the claims of other servers are not tended to'));
  };
  const tends = role === 'serve' && !performs && !config.readOnly;
  const unwatch = tends ? onTending(documents, workspace.workspace, tend) : undefined;
  return {
    perform: async (run) => {
      if (performs) runner ??= startRunner(needs, run);
      await runner;
    },
    close: async () => {
      unwatch?.();
      await (await runner)?.close();
    },
  };
}

/** Starts a runner; only then are its modules loaded. */
async function startRunner(needs: RunnerNeeds, only?: string): Promise<Runner> {
  const { config, log, documents, workspace, root, settings, ownSession, attempts } = needs;
  for (const [program, found] of settings.programs)
    if (!found.ok) log.warn({ program, why: found.why }, 'a program of the allow-list cannot be run');
  const { Runner } = await import('../runner/runner.ts');
  const runner = new Runner({
    documents,
    log,
    user: config.user,
    workspace: workspace.workspace,
    workspaceRoot: root,
    settings,
    select: selectPointers,
    ownSession,
    ...(only === undefined ? {} : { only }),
    ...(attempts === undefined ? {} : { traceOf: (run: string) => attempts.contextOf(run) }),
  });
  attempts?.ownAgent(runner.key);
  runner.start();
  return runner;
}
