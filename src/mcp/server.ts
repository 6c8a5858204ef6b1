// buildServer(): the MCP server over any transport. It serves tools through the wrapper in tools/call/call.ts; the
// caller registers resources and prompts on the returned server. Used by cli/verbs/serve.ts and the tests.

import { setTimeout as sleep } from 'node:timers/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type CallToolResult, ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { visibleLines } from '../base/display.ts';
import type { Logger } from '../base/log.ts';
import { nearest } from '../base/nearest.ts';
import type { Config, ToolChoice } from '../config/config.ts';
import type { Result } from '../failure/failure.ts';
import type { CallMetrics } from '../telemetry/call-metrics.ts';
import type { Outcome } from '../telemetry/outcome.ts';
import { parseTraceparent, traceparentOf } from '../telemetry/traces/context.ts';
import type { Tracing } from '../telemetry/traces/tracing.ts';
import { bug, failure, runCall } from '../tools/call/call.ts';
import { Deadlines } from '../tools/call/deadlines.ts';
import { rateLimit } from '../tools/call/rate-limit.ts';
import type { Call, Tool } from '../tools/define.ts';
import type { Listing } from '../tools/describe.ts';
import { type CallHandler, type RoutedCall, RoutingTransport } from './routing.ts';
import { unlistedHint } from './unlisted.ts';

export type ServerConfig = Pick<Config, 'toolsets' | 'readOnly' | 'maxCallsPerSecond' | 'checkAnswers' | 'home'>;

export interface ServerParts<P> {
  config: ServerConfig;
  log: Logger;
  /** Called at every tool call; the implementation keeps the opened services. */
  services: () => Promise<Result<P>>;
  /** Loads the tools, after tools/list is answered or at the first call, so that schemas do not delay the start. */
  tools: () => Promise<readonly Tool<P>[]>;
  /** The pre-generated definitions (src/generated/tools.json). */
  listings: readonly Listing[];
  /** Counts every call of a known tool. */
  metrics?: CallMetrics;
  /** Absent if no trace file is wanted. */
  tracing?: Tracing | undefined;
  /** At most 2,048 characters, beyond which clients cut. */
  instructions: string;
  version: string;
}

type Params = Record<string, unknown>;

/** Builds a server that is not connected yet. Throws if the instructions are too long. */
export function buildServer<P>(parts: ServerParts<P>): McpServer {
  const { config, log } = parts;
  if (parts.instructions.length > 2048)
    throw new Error(`instructions have ${parts.instructions.length} of 2,048 characters`);
  const listed = { tools: listedTools(parts.listings, config.toolsets, config.readOnly) };
  const withHint = unlistedHint(parts.listings, listed.tools);
  const findTool = toolFinder(parts.tools);
  const takeToken = rateLimit(config.maxCallsPerSecond);
  const deadlines = new Deadlines();

  const callTool = async ({ id, params, cancellation, notify }: RoutedCall): Promise<string> => {
    const { name } = params;
    if (typeof name !== 'string') throw new McpError(ErrorCode.InvalidParams, 'tools/call needs the "name" of a tool');
    const token = takeToken();
    if (!token.ok) return resultText(failure(token.failure, config.home));
    if (token.value > 0) await sleep(token.value);
    const found = await findTool(name).catch((error: unknown) => bug(log, name, error));
    if ('kind' in found) return resultText(found);
    if (!found.ok) return resultText(failure({ code: 'unknown-tool', tool: name, near: found.near }, config.home));
    const meta = metaOf(params);
    const outcome = await runCall<P>({
      tool: found.tool,
      input: params.arguments ?? {},
      services: parts.services,
      config,
      log,
      cancellation,
      deadlines,
      progress: progressOf(meta.progressToken, notify),
      metrics: parts.metrics,
      traceparent: traceparentFrom(meta),
      requestId: id,
      tracing: parts.tracing,
    });
    return resultText(outcome.kind === 'failure' ? { ...outcome, text: withHint(outcome.text, name) } : outcome);
  };
  const server = new RoutedServer(
    { name: 'baton', title: 'Baton', version: parts.version },
    {
      instructions: parts.instructions,
      capabilities: {},
      // A validator that accepts everything, because the default loads ajv at every start. It would be used for answers
      // to elicitation, which their caller must parse.
      jsonSchemaValidator: {
        getValidator: () => (input) => ({ valid: true, data: trusting(input), errorMessage: undefined }),
      },
    },
  );
  server.routeCalls(callTool);
  server.server.registerCapabilities({ tools: {} });
  // A fallback and not setRequestHandler, with which the SDK would parse the whole pre-generated list again.
  server.server.fallbackRequestHandler = async (request) => {
    if (request.method !== 'tools/list')
      throw new McpError(ErrorCode.MethodNotFound, `Method not found: ${request.method}`);
    // Load the tools once this answer is sent, so that the first call does not wait for them.
    setImmediate(() => void findTool('').catch(() => undefined));
    return { ...listed };
  };
  return server;
}

/** An McpServer that routes tool calls to our own handler; see routing.ts. */
class RoutedServer extends McpServer {
  private handler: CallHandler | undefined;

  routeCalls(handler: CallHandler): void {
    this.handler = handler;
  }

  override async connect(transport: Transport): Promise<void> {
    await super.connect(this.handler === undefined ? transport : new RoutingTransport(transport, this.handler));
  }
}

/** The tools to list, in generated order. The choice limits the list only: tools that are not listed can be called. */
export function listedTools(listings: readonly Listing[], choice: ToolChoice, readOnly: boolean): Listing['tool'][] {
  const chosen = listings.filter((entry) => {
    if (readOnly && !entry.tool.annotations.readOnlyHint) return false;
    if (choice.all || choice.tools.includes(entry.tool.name)) return true;
    return !entry.optIn && choice.sets.includes(entry.toolset);
  });
  return chosen.map((entry) => entry.tool);
}

type Found<P> = { ok: true; tool: Tool<P> } | { ok: false; near: string[] };

function toolFinder<P>(load: () => Promise<readonly Tool<P>[]>): (name: string) => Promise<Found<P>> {
  let loading: Promise<Map<string, Tool<P>>> | undefined;
  return async (name) => {
    loading ??= load().then((tools) => new Map(tools.map((tool) => [tool.name, tool])));
    const tools = await loading;
    const tool = tools.get(name);
    return tool === undefined ? { ok: false, near: nearest(name, tools.keys()) } : { ok: true, tool };
  };
}

function metaOf(params: Params): Params {
  const { _meta: meta } = params;
  return typeof meta === 'object' && meta !== null ? { ...meta } : {};
}

/** The caller's trace context, normalised; undefined if it is not valid, because commits will store it. */
function traceparentFrom({ traceparent }: Params): string | undefined {
  const context = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  return context === undefined ? undefined : traceparentOf(context);
}

function progressOf(token: unknown, notify: RoutedCall['notify']): Call<unknown>['progress'] {
  if (token === undefined) return () => undefined;
  let last = Number.NEGATIVE_INFINITY;
  return (done, total, message) => {
    if (!(done > last)) return;
    last = done;
    const more = { ...(total !== undefined && { total }), ...(message !== undefined && { message }) };
    notify('notifications/progress', { progressToken: token, progress: done, ...more });
  };
}

/** The result as JSON text. An answer was serialised when its size was checked, and stands twice in its result. */
function resultText(outcome: Outcome): string {
  if (outcome.kind === 'answer')
    return `{"content":[{"type":"text","text":${JSON.stringify(outcome.json)}}],"structuredContent":${outcome.json}}`;
  // No structuredContent on an error, because clients would validate it by the tool's output schema.
  const detail = outcome.kind === 'failure' ? outcome.failure : { code: 'internal', id: outcome.id };
  const result: CallToolResult = {
    isError: true,
    content: [{ type: 'text', text: outcome.text }],
    _meta: { 'baton/failure': detail },
  };
  return visibleLines(JSON.stringify(result));
}

function trusting<T>(input: unknown): T {
  return input as T;
}
