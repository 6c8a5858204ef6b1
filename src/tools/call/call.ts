// The wrapper of every call: mcp/server.ts runs tools through it for MCP, cli/tool-command.ts for the command line. It
// handles read-only mode, deadline, cancellation and the answer's size, and separates failures from bugs.

import { randomUUID } from 'node:crypto';
import { visibleLines, withoutHome } from '../../base/display.ts';
import type { Logger } from '../../base/log.ts';
import type { Config } from '../../config/config.ts';
import { failureLine } from '../../failure/describe.ts';
import { type Failure, FailureError, fail, type Result } from '../../failure/failure.ts';
import type { CallEnd, CallMetrics } from '../../telemetry/call-metrics.ts';
import type { Outcome } from '../../telemetry/outcome.ts';
import type { Tracing } from '../../telemetry/traces/tracing.ts';
import type { Call, Tool } from '../define.ts';
import type { Cancellation } from './cancellation.ts';
import type { Deadline, Deadlines } from './deadlines.ts';

export interface CallRequest<P> {
  tool: Tool<P>;
  input: unknown;
  /** Opens the services at the first call, and again after a failure, so that a corrected problem needs no restart. */
  services: () => Promise<Result<P>>;
  config: Pick<Config, 'readOnly' | 'checkAnswers' | 'home'>;
  log: Logger;
  /** The cancellation by the caller; the deadline stops the call through it too. */
  cancellation: Cancellation;
  deadlines: Deadlines;
  progress: Call<P>['progress'];
  /** Counts the call; absent if nobody does. */
  metrics?: Pick<CallMetrics, 'record'> | undefined;
  /** The caller's trace context, if it sent one. */
  traceparent?: string | undefined;
  requestId?: string | number | undefined;
  /** Absent if no traces are written. */
  tracing?: Pick<Tracing, 'begin'> | undefined;
}

const defaultSeconds = 30;
const defaultChars = 20_000;
/** How long after its deadline a call may take to end by itself. */
const graceMs = 250;

/** Runs one call to its outcome. Never throws, and always answers soon after the deadline. */
export async function runCall<P>(request: CallRequest<P>): Promise<Outcome> {
  const { tool, log, config } = request;
  const startedAt = performance.now();
  const { traceparent, requestId } = request;
  const trace = request.tracing?.begin({ tool: tool.name, traceparent, requestId });
  let outcome: Outcome;
  try {
    // Commits of the call, and spans of later work, are children of the call's own span.
    const result = await runToResult(trace === undefined ? request : { ...request, traceparent: trace.traceparent });
    outcome = result.ok ? answer(request, result.value) : failure(result.failure, config.home);
  } catch (error) {
    outcome = error instanceof FailureError ? failure(error.failure, config.home) : bug(request.log, tool.name, error);
  }
  const ms = Math.round((performance.now() - startedAt) * 1000) / 1000;
  request.metrics?.record(tool.name, ms, endOf(outcome), request.input);
  trace?.end(outcome);
  if (outcome.kind === 'failure') log.info({ tool: tool.name, ms, code: outcome.failure.code }, 'call refused');
  else if (log.isLevelEnabled('debug')) log.debug({ tool: tool.name, ms, outcome: outcome.kind }, 'call');
  return outcome;
}

function endOf(outcome: Outcome): CallEnd {
  return outcome.kind === 'failure' ? { kind: 'failure', code: outcome.failure.code } : { kind: outcome.kind };
}

/** The outcome of a failure, also of one before any call, such as an unknown tool. */
export function failure(found: Failure, home: string): Outcome {
  const clean = withoutHome(found, home);
  return { kind: 'failure', failure: clean, text: failureLine(clean) };
}

async function runToResult<P>(request: CallRequest<P>): Promise<Result<object>> {
  const { tool, config } = request;
  if (config.readOnly && !tool.annotations.readOnly) {
    return fail({ code: 'read-only', why: 'this server was started with BATON_READ_ONLY or --read-only' });
  }
  if (request.cancellation.byCaller) return fail({ code: 'cancelled' });
  const services = await request.services();
  if (!services.ok) return services;
  const limitMs = (tool.answers.maxSeconds ?? defaultSeconds) * 1000;
  const call = new RunningCall(request, services.value, limitMs);
  // A single promise, because Promise.race costs each call more than the rest of the wrapper.
  return new Promise((resolve, reject) => {
    const end = (): void => {
      call.over = true;
      request.deadlines.remove(deadline);
    };
    const deadline = deadlineOf(
      limitMs,
      () => request.cancellation.stop(),
      () => {
        end();
        resolve(fail({ code: 'deadline-exceeded', what: tool.name, afterMs: limitMs }));
      },
    );
    request.deadlines.add(deadline);
    tool.invoke(request.input, call).then(
      (result) => {
        end();
        resolve(result);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}

/** A deadline that first asks the call to stop, and gives it up after a grace time. */
function deadlineOf(limitMs: number, stop: () => void, expire: () => void): Deadline {
  let asked = false;
  const deadline: Deadline = {
    at: performance.now() + limitMs,
    fire: () => {
      if (asked) return expire();
      asked = true;
      deadline.at = performance.now() + graceMs;
      stop();
    },
  };
  return deadline;
}

/** The `Call` that a tool gets. */
class RunningCall<P> implements Call<P> {
  readonly services: P;
  readonly deadlineAt: number;
  readonly traceparent: string | undefined;
  /** True once the call has ended or was given up: it must send no more progress. */
  over = false;
  private readonly request: CallRequest<P>;

  constructor(request: CallRequest<P>, services: P, limitMs: number) {
    this.request = request;
    this.services = services;
    this.deadlineAt = Date.now() + limitMs;
    this.traceparent = request.traceparent;
  }

  get signal(): AbortSignal {
    return this.request.cancellation.signal;
  }

  progress(done: number, total?: number, message?: string): void {
    if (!this.over) this.request.progress(done, total, message);
  }
}

function answer<P>(request: CallRequest<P>, value: object): Outcome {
  const { tool, config } = request;
  if (config.checkAnswers) tool.output.parse(value);
  const json = JSON.stringify(value);
  const limit = tool.answers.maxChars ?? defaultChars;
  // Measured before escaping: stored text with invisible characters must not become unreadable by its escaped length.
  if (json.length <= limit) return { kind: 'answer', value, json: visibleLines(json) };
  // A tool should cut its answer itself. If it changed something, "too large" alone would read as "not done".
  const { narrow } = tool.answers;
  const less = narrow === 'nothing' ? '' : `call ${tool.name} again for less: narrow ${narrow}`;
  const done = 'the change itself was made, so do not repeat it; the tools that only read show it, such as plan_list';
  const instead = tool.annotations.readOnly ? less || 'ask for less with another tool' : done;
  return failure(
    { code: 'too-large', what: `The answer of ${tool.name}`, limit, actual: json.length, instead },
    config.home,
  );
}

/** The outcome of a bug: the caller gets an id, the log the details. */
export function bug(log: Logger, tool: string, error: unknown): Outcome {
  const id = randomUUID().slice(0, 8);
  log.error({ bug: id, tool, err: error }, 'a fault in Baton');
  const text =
    `internal: Baton has a fault (id ${id}); the details are in its log on stderr; repeat the call ` +
    `once, then run \`baton doctor\``;
  return { kind: 'bug', id, text };
}
