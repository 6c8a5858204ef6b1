// The verb `serve`, the default: serves MCP on stdin and stdout until the client is gone.

import type { Services } from '../../app/services.ts';
import { createLog, type Logger } from '../../base/log.ts';
import { nearest } from '../../base/nearest.ts';
import { version } from '../../base/version.ts';
import type { Config } from '../../config/config.ts';
import type { Failure, Result } from '../../failure/failure.ts';
import listings from '../../generated/tools.json' with { type: 'json' };
import { rootOf } from '../../mcp/client-roots.ts';
import { instructionsFor } from '../../mcp/instructions.ts';
import { buildServer, listedTools } from '../../mcp/server.ts';
import { runUntilClosed } from '../../mcp/shutdown.ts';
import { StdioTransport } from '../../mcp/stdio.ts';
import { optimiseLate } from '../../mcp/tiering.ts';
import { servePrompts } from '../../prompts/serve.ts';
import { serveResources } from '../../resources/serve.ts';
import type { LocatedPrograms } from '../../runner/executors/command-programs.ts';
import { programsOf } from '../../runner/executors/settings.ts';
import { CallMetrics } from '../../telemetry/call-metrics.ts';
import type { Tracing } from '../../telemetry/traces/tracing.ts';
import type { Listing } from '../../tools/describe.ts';
import { complain } from '../complain.ts';

type OpenedServices = Services & { close(): Promise<void> };

/** The store is opened after this time even without a call, so that command nodes run and maintenance starts. */
const OPEN_AFTER_MS = 250;

/** Serves until closed. The protocol starts without the store; if that cannot be opened, every call says so. */
export async function run(args: string[], config: Config): Promise<number> {
  const [extra] = args;
  if (extra !== undefined)
    return complain({ code: 'invalid-input', issues: [{ at: extra, why: 'serve takes no arguments' }] });
  const definitions = listings as unknown as Listing[];
  const unknown = unknownTools(config.toolsets.tools, definitions);
  if (unknown !== undefined) return complain(unknown);
  const log = createLog(config);
  const metrics = new CallMetrics(Date.now());
  const tracing = await startTracing(config, log);
  const project = async (): Promise<string> =>
    config.projectNamed ? config.projectDir : ((await rootOf(server)) ?? config.projectDir);
  const called = optimiseLate();
  // Looked up now, not when the store is opened: an agent may have put programs on PATH until then.
  const located = programsOf(config);
  const services = keepServices(config, log, project, { calls: metrics, tracing, located });
  const server = buildServer<Services>({
    config,
    log,
    services: () => {
      called();
      return services.get();
    },
    tools: async () => (await import('../../tools/index.ts')).tools,
    listings: definitions,
    instructions: instructionsFor(listedTools(definitions, config.toolsets, config.readOnly)),
    metrics,
    tracing,
    version,
  });
  server.server.onerror = (error) => log.warn({ err: error }, 'protocol');
  servePrompts(server, services.get, config.home);
  const resources = serveResources(server, services.get, config.home);
  const transport = new StdioTransport({ input: process.stdin, output: process.stdout });
  // Delayed, because a client waits for the list of tools first, and a call opens the store itself.
  const open = () => void services.get().catch((error: unknown) => log.error({ err: error }, 'opening the store'));
  // Not before `initialized`, because opening asks the client for its roots.
  server.server.oninitialized = () => void setTimeout(open, OPEN_AFTER_MS).unref();
  await server.connect(transport);
  const close = async (): Promise<void> => {
    resources.close();
    await server.close();
    await services.close();
    await tracing?.close();
  };
  return await runUntilClosed({ transport, close, log });
}

/** A failure that names the chosen tools that do not exist; without it they would silently be missing. */
function unknownTools(chosen: readonly string[], known: readonly Listing[]): Failure | undefined {
  const names = known.map(({ tool }) => tool.name);
  const issues = chosen
    .filter((name) => !names.includes(name))
    .map((name) => {
      const [best] = nearest(name, names, 1);
      const hint = best === undefined ? '' : `, did you mean ${best}?`;
      return { at: 'BATON_TOOLSETS', why: `there is no tool ${name}${hint}` };
    });
  return issues.length === 0 ? undefined : { code: 'invalid-input', issues };
}

/** Tracing, loaded only if a trace file is wanted. */
async function startTracing(config: Config, log: Logger): Promise<Tracing | undefined> {
  if (config.traceFile === undefined) return undefined;
  const onTrouble = (err: unknown): void => log.warn({ err }, 'traces cannot be written');
  return new (await import('../../telemetry/traces/tracing.ts')).Tracing({
    path: config.traceFile,
    version,
    onTrouble,
  });
}

interface KeptServices {
  get(): Promise<Result<OpenedServices>>;
  close(): Promise<void>;
}

/** Opens the services once. A failure is not kept: the next call tries again, and succeeds once the cause is fixed. */
function keepServices(
  config: Config,
  log: Logger,
  project: () => Promise<string>,
  observers: { calls: CallMetrics; tracing: Tracing | undefined; located: LocatedPrograms },
): KeptServices {
  let opening: Promise<Result<OpenedServices>> | undefined;
  const open = async (): Promise<Result<OpenedServices>> => {
    const { openServices } = await import('../../app/services.ts');
    return await openServices({ ...config, projectDir: await project() }, log, 'serve', observers);
  };
  const get = async (): Promise<Result<OpenedServices>> => {
    opening ??= open();
    const mine = opening;
    const forget = (): void => {
      if (opening === mine) opening = undefined;
    };
    try {
      const opened = await mine;
      if (!opened.ok) forget();
      return opened;
    } catch (error) {
      forget();
      throw error;
    }
  };
  const close = async (): Promise<void> => {
    const opened = await opening;
    if (opened?.ok) await opened.value.close();
  };
  return { get, close };
}
