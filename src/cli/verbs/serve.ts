// The verb `serve`: MCP on stdin and stdout until the client is gone.

import type { Services } from '../../app/services.ts';
import { createLog, type Logger } from '../../base/log.ts';
import { nearest } from '../../base/nearest.ts';
import { version } from '../../base/version.ts';
import type { Config } from '../../config/config.ts';
import type { Failure, Result } from '../../failure/failure.ts';
import listings from '../../generated/tools.json' with { type: 'json' };
import { rootOf } from '../../mcp/client-roots.ts';
import { instructions } from '../../mcp/instructions.ts';
import { buildServer } from '../../mcp/server.ts';
import { runUntilClosed } from '../../mcp/shutdown.ts';
import { StdioTransport } from '../../mcp/stdio.ts';
import { optimiseLate } from '../../mcp/tiering.ts';
import { servePrompts } from '../../prompts/serve.ts';
import { serveResources } from '../../resources/serve.ts';
import { CallMetrics } from '../../telemetry/call-metrics.ts';
import type { Tracing } from '../../telemetry/traces/tracing.ts';
import type { Listing } from '../../tools/describe.ts';
import { complain } from '../complain.ts';

type OpenedServices = Services & { close(): Promise<void> };

/** When the store is opened if no call has done so: other windows should see this one, and its commands may run. */
const OPEN_AFTER_MS = 250;

/** Serves until closed. The store opens beside the protocol: a store that cannot be opened is told by every call. */
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
  const services = keepServices(config, log, project, { calls: metrics, tracing });
  const server = buildServer<Services>({
    config,
    log,
    services: () => {
      called();
      return services.get();
    },
    tools: async () => (await import('../../tools/index.ts')).tools,
    listings: definitions,
    instructions,
    metrics,
    tracing,
    version,
  });
  server.server.onerror = (error) => log.warn({ err: error }, 'protocol');
  servePrompts(server, services.get, config.home);
  const resources = serveResources(server, services.get, config.home);
  const transport = new StdioTransport({ input: process.stdin, output: process.stdout });
  // After the first answers are out: a client waits for the tools' list, and calls open the store themselves.
  const open = () => void services.get().catch((error: unknown) => log.error({ err: error }, 'opening the store'));
  // Before that a client cannot be asked for its roots.
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

/** A name that no tool has would list nothing, and say nothing. */
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

/** Loads what it takes only where it is wanted. */
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

/** Opens at most once at a time; a failure is not kept, so the next call tries again and trouble put right is seen. */
function keepServices(
  config: Config,
  log: Logger,
  project: () => Promise<string>,
  observers: { calls: CallMetrics; tracing: Tracing | undefined },
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
