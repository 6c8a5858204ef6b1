// buildServer(): the MCP server over any transport. Serves tools through the wrapper in call.ts; resources and prompts are
// registered on what it returns. Used by cli/serve.ts and the tests.

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  type CallToolResult,
  ErrorCode,
  McpError,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { bug, failure, type Outcome, rateLimit, runCall } from './call.ts';
import type { Config, ToolChoice } from './config.ts';
import type { Result } from './failure.ts';
import type { Logger } from './log.ts';
import { nearest } from './nearest.ts';
import type { Call, Tool } from './tools/define.ts';
import type { Listing } from './tools/describe.ts';

export type ServerConfig = Pick<Config, 'toolsets' | 'readOnly' | 'maxCallsPerSecond' | 'checkAnswers' | 'home'>;

export interface ServerParts<P> {
  config: ServerConfig;
  log: Logger;
  /** Called for every call; whoever gives it keeps the opened ports. */
  ports: () => Promise<Result<P>>;
  /** Loaded at the first call, so that schemas cost nothing before tools/list is answered. */
  tools: () => Promise<readonly Tool<P>[]>;
  /** The pre-generated definitions (src/generated/tools.json). */
  listings: readonly Listing[];
  /** At most 2,048 characters: clients cut there. */
  instructions: string;
  version: string;
}

type Params = Record<string, unknown>;
type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** Builds a server that is not yet connected. Its tools are fixed; resources and prompts may be added before connecting. */
export function buildServer<P>(parts: ServerParts<P>): McpServer {
  const { config, log } = parts;
  if (parts.instructions.length > 2048)
    throw new Error(`instructions have ${parts.instructions.length} of 2,048 characters`);
  const server = new McpServer(
    { name: 'baton', title: 'Baton', version: parts.version },
    {
      instructions: parts.instructions,
      capabilities: {},
      // Answers to elicitation are parsed by whoever asked; a validator here would load ajv into every start.
      jsonSchemaValidator: {
        getValidator: () => (input) => ({ valid: true, data: trusting(input), errorMessage: undefined }),
      },
    },
  );
  const listed = { tools: listedTools(parts.listings, config.toolsets, config.readOnly) };
  const findTool = toolFinder(parts.tools);
  const takeToken = rateLimit(config.maxCallsPerSecond);

  const handlers: Record<string, (params: Params, extra: Extra) => object | Promise<object>> = {
    'tools/list': () => {
      // Loads the tools once this answer is on its way, so that the first call does not wait for them either.
      setImmediate(() => void findTool('').catch(() => undefined));
      return listed;
    },
    'tools/call': async (params, extra) => {
      const { name } = params;
      if (typeof name !== 'string')
        throw new McpError(ErrorCode.InvalidParams, 'tools/call needs the "name" of a tool');
      const token = takeToken();
      if (!token.ok) return toResult(failure(token.failure, config.home));
      const found = await findTool(name).catch((error: unknown) => bug(log, name, error));
      if ('kind' in found) return toResult(found);
      if (!found.ok) return toResult(failure({ code: 'unknown-tool', tool: name, near: found.near }, config.home));
      const traceparent = extra._meta?.traceparent;
      const outcome = await runCall<P>({
        tool: found.tool,
        input: params.arguments ?? {},
        ports: parts.ports,
        config,
        log,
        signal: extra.signal,
        progress: progressOf(extra, log),
        traceparent: typeof traceparent === 'string' ? traceparent : undefined,
      });
      return toResult(outcome);
    },
  };
  server.server.registerCapabilities({ tools: {} });
  // Not setRequestHandler: for tools/call the SDK would parse request and result with schemas three more times, a third
  // of what a call costs. Our own wrapper parses the input and makes the result.
  server.server.fallbackRequestHandler = async (request, extra) => {
    const handler = Object.hasOwn(handlers, request.method) ? handlers[request.method] : undefined;
    if (handler === undefined) throw new McpError(ErrorCode.MethodNotFound, `Method not found: ${request.method}`);
    return { ...(await handler(request.params ?? {}, extra)) };
  };
  return server;
}

/** The tools that a choice lists, in their generated order. Filtering lists only: a hook may call what is not listed. */
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

function progressOf(extra: Extra, log: Logger): Call<unknown>['progress'] {
  const token = extra._meta?.progressToken;
  if (token === undefined) return () => undefined;
  let last = Number.NEGATIVE_INFINITY;
  return (done, total, message) => {
    if (!(done > last)) return;
    last = done;
    const progress = {
      progressToken: token,
      progress: done,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message }),
    };
    extra.sendNotification({ method: 'notifications/progress', params: progress }).catch((error: unknown) => {
      log.debug({ err: error }, 'progress could not be sent');
    });
  };
}

function toResult(outcome: Outcome): CallToolResult {
  if (outcome.kind === 'answer') {
    return { content: [{ type: 'text', text: outcome.json }], structuredContent: { ...outcome.value } };
  }
  // No structuredContent on an error: clients would hold it against the tool's output schema.
  const detail = outcome.kind === 'failure' ? outcome.failure : { code: 'internal', id: outcome.id };
  return { isError: true, content: [{ type: 'text', text: outcome.text }], _meta: { 'baton/failure': detail } };
}

function trusting<T>(input: unknown): T {
  return input as T;
}
