// The one wrapper round every call: server.ts runs tools through it for MCP, cli/tool-command.ts for the command line.
// It owns refusal in read-only mode, deadline, cancellation, the answer's size, and the line between failures and bugs.

import { randomUUID } from 'node:crypto';
import type { Config } from './config.ts';
import { withoutHome } from './display.ts';
import { type Failure, FailureError, fail, ok, type Result } from './failure.ts';
import { failureLine } from './failure-text.ts';
import type { Logger } from './log.ts';
import type { Call, Tool } from './tools/define.ts';

/** What a call ended in. `json` is the answer's text, made once to measure it and sent as it is. */
export type Outcome =
  | { kind: 'answer'; value: object; json: string }
  | { kind: 'failure'; failure: Failure; text: string }
  | { kind: 'bug'; id: string; text: string };

export interface CallRequest<P> {
  tool: Tool<P>;
  input: unknown;
  /** Opened on the first call and again after a failure, so that trouble that was put right needs no restart. */
  ports: () => Promise<Result<P>>;
  config: Pick<Config, 'readOnly' | 'checkAnswers' | 'home'>;
  log: Logger;
  /** The caller's own wish to stop. */
  signal: AbortSignal;
  progress: Call<P>['progress'];
  traceparent?: string | undefined;
}

const defaultSeconds = 30;
const defaultChars = 20_000;
/** After its deadline a call gets this long to wind down and say so itself. */
const graceMs = 250;

/** Runs one call to its outcome. Never throws, and always settles soon after the deadline. */
export async function runCall<P>(request: CallRequest<P>): Promise<Outcome> {
  const { tool, log, config } = request;
  const startedAt = performance.now();
  let outcome: Outcome;
  try {
    const result = await runToResult(request);
    outcome = result.ok ? answer(request, result.value) : failure(result.failure, config.home);
  } catch (error) {
    outcome = error instanceof FailureError ? failure(error.failure, config.home) : bug(request.log, tool.name, error);
  }
  const ms = Math.round((performance.now() - startedAt) * 1000) / 1000;
  if (outcome.kind === 'failure') log.info({ tool: tool.name, ms, code: outcome.failure.code }, 'call refused');
  else if (log.isLevelEnabled('debug')) log.debug({ tool: tool.name, ms, outcome: outcome.kind }, 'call');
  return outcome;
}

/** An outcome for a failure that arose before there was a call, such as an unknown tool. */
export function failure(found: Failure, home: string): Outcome {
  const clean = withoutHome(found, home);
  return { kind: 'failure', failure: clean, text: failureLine(clean) };
}

async function runToResult<P>(request: CallRequest<P>): Promise<Result<object>> {
  const { tool, config } = request;
  if (config.readOnly && !tool.annotations.readOnly) {
    return fail({ code: 'read-only', why: 'this server was started with BATON_READ_ONLY or --read-only' });
  }
  if (request.signal.aborted) return fail({ code: 'cancelled' });
  const ports = await request.ports();
  if (!ports.ok) return ports;
  const limitMs = (tool.answers.maxSeconds ?? defaultSeconds) * 1000;
  const running = startCall(request, ports.value, limitMs);
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<Result<object>>((resolve) => {
    const expired = (): void => resolve(fail({ code: 'deadline-exceeded', what: tool.name, afterMs: limitMs }));
    timer = setTimeout(() => {
      running.stop();
      timer = setTimeout(expired, graceMs);
    }, limitMs);
  });
  try {
    return await Promise.race([tool.invoke(request.input, running.call), deadline]);
  } finally {
    running.finish();
    clearTimeout(timer);
  }
}

interface Running<P> {
  call: Call<P>;
  stop(): void;
  finish(): void;
}

/** Most calls never look at their signal, and one of its own for each costs more than all else here: made when asked for. */
function startCall<P>(request: CallRequest<P>, ports: P, limitMs: number): Running<P> {
  let running = true;
  let stopped = false;
  let stopper: AbortController | undefined;
  const stop = (): void => {
    stopped = true;
    stopper?.abort();
  };
  const call: Call<P> = {
    ports,
    deadlineAt: Date.now() + limitMs,
    get signal() {
      if (stopper === undefined) {
        stopper = new AbortController();
        if (stopped || request.signal.aborted) stopper.abort();
        else request.signal.addEventListener('abort', stop, { once: true });
      }
      return stopper.signal;
    },
    // A call that was given up must not speak any more.
    progress: (done, total, message) => (running ? request.progress(done, total, message) : undefined),
    ...(request.traceparent !== undefined && { traceparent: request.traceparent }),
  };
  const finish = (): void => {
    running = false;
    if (stopper !== undefined) request.signal.removeEventListener('abort', stop);
  };
  return { call, stop, finish };
}

function answer<P>(request: CallRequest<P>, value: object): Outcome {
  const { tool, config } = request;
  if (config.checkAnswers) tool.output.parse(value);
  const json = JSON.stringify(value);
  const limit = tool.answers.maxChars ?? defaultChars;
  if (json.length <= limit) return { kind: 'answer', value, json };
  // The tool should have cut its answer. If it changed something, saying only "too large" would read as "not done".
  const done = tool.annotations.readOnly ? '' : '; the change itself was made';
  const instead = `narrow ${tool.answers.narrow}${done}`;
  return failure(
    { code: 'too-large', what: `The answer of ${tool.name}`, limit, actual: json.length, instead },
    config.home,
  );
}

/** An outcome for what should not have happened: the caller gets an id, the log gets the details. */
export function bug(log: Logger, tool: string, error: unknown): Outcome {
  const id = randomUUID().slice(0, 8);
  log.error({ bug: id, tool, err: error }, 'a fault in Baton');
  const text = `internal: Baton has a fault (id ${id}); the details are in its log on stderr; repeat the call once, then run \`baton doctor\``;
  return { kind: 'bug', id, text };
}

/** A token bucket: at most `perSecond` calls in a burst, refilled at that rate. 0 means no limit. */
export function rateLimit(perSecond: number): () => Result<undefined> {
  let tokens = perSecond;
  let filledAt = performance.now();
  return () => {
    if (perSecond === 0) return ok(undefined);
    const now = performance.now();
    tokens = Math.min(perSecond, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
    if (tokens >= 1) {
      tokens -= 1;
      return ok(undefined);
    }
    const retryAfterMs = Math.max(1, Math.ceil(((1 - tokens) / perSecond) * 1000));
    return fail({ code: 'rate-limited', limit: perSecond, retryAfterMs });
  };
}
