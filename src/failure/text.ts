// The words for every failure: what happened, why, and which call to make next (one that exists). The server's wrapper
// and the CLI are the only users; a snapshot test holds the texts.

import { quoted, visible } from '../base/display.ts';
import { type Failure, type FailureCode, unreachable } from './failure.ts';

export interface FailureText {
  what: string;
  why: string;
  next: string;
}

type Of<C extends FailureCode> = Extract<Failure, { code: C }>;

/** One text per code. Parts that came from outside are quoted with control characters escaped. */
export function describeFailure(f: Failure): FailureText {
  switch (f.code) {
    case 'invalid-input':
      return invalidInput(f);
    case 'unknown-tool':
      return text(`There is no tool ${quoted(f.tool)}`, near(f.near), 'call one of the tools that tools/list names');
    case 'path-refused':
      return text(
        `The path ${quoted(f.path)} was refused`,
        visible(f.why),
        "use a path such as $.tasks['task-1'].status, or list keys with state_get {keys_only: true}",
      );
    case 'path-reserved':
      return text(
        `The path ${quoted(f.path)} cannot be written directly`,
        `it belongs to ${visible(f.owner)}`,
        `call ${visible(f.call)} instead`,
      );
    case 'path-blocked':
      return pathBlocked(f);
    case 'value-refused':
      return text(`The value at ${quoted(f.at)} was refused`, visible(f.why), 'change that value and repeat the call');
    case 'schema-violated':
      return text(
        `The change would leave ${quoted(f.path)} in a state that the project does not allow`,
        `its schema of ${quoted(f.schema)} asks for ${visible(f.rule)}, found ${visible(f.found)}`,
        'send what fits, several changes at once with state_batch; project_get shows the schemas, project_save changes them',
      );
    case 'too-large':
      return tooLarge(f);
    default:
      return describeConflict(f);
  }
}

/** `code: what; why; next call`: the line that a model reads. */
export function failureLine(f: Failure): string {
  const { what, why, next } = describeFailure(f);
  return `${f.code}: ${[what, why, next].filter((part) => part !== '').join('; ')}`;
}

type InputCode =
  | 'invalid-input'
  | 'unknown-tool'
  | 'path-refused'
  | 'path-reserved'
  | 'path-blocked'
  | 'value-refused'
  | 'schema-violated'
  | 'too-large';
type ConflictCode = 'etag-mismatch' | 'already-exists' | 'version-mismatch' | 'request-reused' | 'unknown-seq';
type SessionCode = 'unknown-session' | 'session-ended' | 'unknown-handoff' | 'illegal-transition';
type PlanCode = 'not-found' | 'unknown-item' | 'dependency-cycle' | 'needs-open' | 'confirm-needed';
type RunCode =
  | 'unknown-graph'
  | 'graph-invalid'
  | 'unknown-run'
  | 'unknown-node'
  | 'unknown-claim'
  | 'stale-claim'
  | 'node-not-ready';
type CallerCode = 'read-only' | 'not-allowed' | 'rate-limited' | 'deadline-exceeded' | 'cancelled';

function describeConflict(f: Exclude<Failure, { code: InputCode }>): FailureText {
  switch (f.code) {
    case 'etag-mismatch':
      return text(
        `The value at ${quoted(f.path)} has changed since you read it`,
        `its etag is ${f.actual}, you gave ${quoted(f.expected)}`,
        `read it again with state_get {path: ${quoted(f.path)}} and repeat with the new etag`,
      );
    case 'already-exists':
      return text(
        `There is already a value at ${quoted(f.path)}`,
        'you asked to write only if there is none',
        `read it with state_get {path: ${quoted(f.path)}}, or write without if_absent`,
      );
    case 'version-mismatch':
      return text(
        `${visible(f.what)} has changed since you read it`,
        `it is at version ${f.actual}, you gave ${f.expected}`,
        `read it again with ${visible(f.read)} and repeat with if_version ${f.actual}`,
      );
    case 'request-reused':
      return text(
        `The request_id ${quoted(f.requestId)} was used before with other input`,
        'one request_id stands for one request; the earlier one stays as it was',
        'repeat the call with a new request_id, or without one',
      );
    case 'unknown-seq':
      return text(
        `There is no state at ${quoted(f.seq)}`,
        `the newest seq is ${f.newest}`,
        `choose a seq or time from ${visible(f.list ?? 'state_history')}`,
      );
    default:
      return describeSession(f);
  }
}

function describeSession(f: Exclude<Failure, { code: InputCode | ConflictCode }>): FailureText {
  switch (f.code) {
    case 'unknown-session':
      return text(
        `There is no session ${quoted(f.session)}`,
        near(f.near),
        'call session_list, or session_start to begin one',
      );
    case 'session-ended':
      return text(
        `The session ${quoted(f.session)} has ended`,
        `its status is ${visible(f.status)}`,
        'call session_start to begin or resume one, or session_recover to see what it left',
      );
    case 'unknown-handoff':
      return text(
        `There is no open handoff ${quoted(f.handoff)}`,
        'it was never offered, has been accepted, or has expired',
        'call session_start without handoff: its answer names the offers that are open',
      );
    case 'illegal-transition':
      return text(
        `${visible(f.what)} cannot go from ${visible(f.from)} to ${visible(f.to)}`,
        f.legal.length > 0
          ? `from ${visible(f.from)} it can go to ${f.legal.map(visible).join(', ')}`
          : `${visible(f.from)} is final`,
        `call ${visible(f.call)}`,
      );
    default:
      return describePlan(f);
  }
}

function describePlan(f: Exclude<Failure, { code: InputCode | ConflictCode | SessionCode }>): FailureText {
  switch (f.code) {
    case 'unknown-item':
      return text(
        `There is no ${visible(f.kind)} ${quoted(f.id)}`,
        near(f.near),
        `call plan_list {kind: "${visible(f.kind)}"} to see those there are`,
      );
    case 'not-found':
      return text(`There is no ${visible(f.what)} ${quoted(f.name)}`, near(f.near), `call ${visible(f.call)}`);
    case 'dependency-cycle':
      return text(
        'That would make a task wait for itself',
        firstOf(f.steps),
        'leave one of these needs or parents out, and repeat the call',
      );
    case 'needs-open':
      return text(
        `${visible(f.what)} cannot be started or finished yet`,
        `it needs ${firstOf(f.waitsFor)}`,
        'finish those first, see what is ready with plan_list {kind: "task", status: "ready"}, or save it without those needs',
      );
    case 'confirm-needed':
      return text(
        `${visible(f.what)} was not done, since it would do more`,
        firstOf(f.would),
        `call ${visible(f.call)}`,
      );
    default:
      return describeRun(f);
  }
}

function describeRun(f: Exclude<Failure, { code: InputCode | ConflictCode | SessionCode | PlanCode }>): FailureText {
  switch (f.code) {
    case 'unknown-graph':
      return text(
        `There is no graph ${quoted(f.graph)}`,
        near(f.near),
        'call plan_list {kind: "template"}, or save one with graph_check {save_as}',
      );
    case 'graph-invalid':
      return graphInvalid(f);
    case 'unknown-run':
      return text(
        `There is no run ${quoted(f.run)}`,
        near(f.near),
        'call run_status to list runs, or run_start to begin one',
      );
    case 'unknown-node':
      return text(
        `The run ${quoted(f.run)} has no node ${quoted(f.node)}`,
        near(f.near),
        `call run_status {run: ${quoted(f.run)}} to see its nodes`,
      );
    case 'unknown-claim':
      return text(
        `There is no claim ${quoted(f.claim)}`,
        'a claim is the string that run_claim returned, unchanged',
        'call run_claim to get work',
      );
    case 'stale-claim':
      return text(
        `The claim ${quoted(f.claim)} no longer holds`,
        visible(f.why),
        'stop that work and call run_claim for what is free; a late result reported with run_report is kept for adoption',
      );
    case 'node-not-ready':
      return text(
        `The node ${quoted(f.node)} cannot be claimed now`,
        visible(f.why),
        'call run_claim without node, or run_status to see what it waits for',
      );
    default:
      return describeCaller(f);
  }
}

function describeCaller(
  f: Exclude<Failure, { code: InputCode | ConflictCode | SessionCode | PlanCode | RunCode }>,
): FailureText {
  switch (f.code) {
    case 'read-only':
      return text(
        'Nothing can be changed here now',
        visible(f.why),
        'use the tools that only read (state_get, plan_list, dashboard_get); `baton doctor` shows the way out',
      );
    case 'not-allowed':
      return text(`${visible(f.what)} is not allowed`, visible(f.why), visible(f.how));
    case 'rate-limited':
      return text(
        `More than ${f.limit} calls in one second`,
        'each connection has a limit, so that a loop cannot starve others',
        `wait ${f.retryAfterMs} ms, then repeat; combine writes with state_batch or plan_save, wait with wait_s instead of polling`,
      );
    case 'deadline-exceeded':
      return text(
        `${visible(f.what)} did not finish within ${f.afterMs} ms`,
        'it was told to stop; a change may or may not have been made',
        'look with state_get or run_status, or repeat with the same request_id: it takes effect once',
      );
    case 'cancelled':
      return text(
        'The call was cancelled',
        'the client asked for it, or the server is closing',
        'repeat it with the same request_id if it is still wanted',
      );
    default:
      return describeStore(f);
  }
}

function describeStore(
  f: Exclude<Failure, { code: InputCode | ConflictCode | SessionCode | PlanCode | RunCode | CallerCode }>,
): FailureText {
  switch (f.code) {
    case 'contended':
      return text(
        `Others changed the same documents ${f.tries} times in a row`,
        `nothing was written (${f.streams.slice(0, 5).map(visible).join(', ')})`,
        'repeat the call',
      );
    case 'outcome-unknown':
      return text(
        'It is not known whether the change was made durable',
        visible(f.why),
        'repeat the call with the same request_id: it takes effect once; `baton doctor` if it stays so',
      );
    case 'store-full':
      return text(
        'The store cannot take more',
        `${visible(f.syscall)} failed with ${visible(f.errno)}; nothing was written`,
        'free space (or the limit that was hit), then repeat the call; reading with state_get still works',
      );
    case 'store-unwritable':
      return text(
        'The store cannot be written',
        visible(f.why),
        'run `baton doctor`, or name another place with --state-dir; what is open can still be read with state_get',
      );
    case 'store-damaged':
      return text(
        `The store's log is damaged: ${visible(f.file)} at byte ${f.offset}`,
        visible(f.why),
        'run `baton doctor`; nothing is written until it is settled, sound parts can still be read with state_get',
      );
    case 'store-moved':
      return text(
        'The store was moved, replaced or deleted while in use',
        visible(f.why),
        'restart the server, then run `baton doctor`',
      );
    case 'store-newer':
      return text(
        `${visible(f.what)} was written by a newer Baton`,
        `it has format ${f.found}, this version knows up to ${f.known}`,
        'update Baton, or open another store with --state-dir; `baton doctor` shows both',
      );
    case 'store-unsafe':
      return text('The store is in a place that cannot keep its promises', visible(f.why), visible(f.how));
    default:
      return unreachable(f);
  }
}

function text(what: string, why: string, next: string): FailureText {
  return { what: what.replace(/^the /, 'The '), why, next };
}

function near(names: string[]): string {
  return names.length > 0 ? `the nearest: ${names.slice(0, 5).map(visible).join(', ')}` : 'nothing has a similar name';
}

/** The first few of a list, with the count of the others. */
function firstOf(items: readonly string[]): string {
  const more = items.length > 10 ? [`and ${items.length - 10} more`] : [];
  return [...items.slice(0, 10).map(visible), ...more].join(', ');
}

function invalidInput(f: Of<'invalid-input'>): FailureText {
  const shown = f.issues
    .slice(0, 10)
    .map((issue) => (issue.at === '' ? visible(issue.why) : `${visible(issue.at)}: ${visible(issue.why)}`));
  const more = f.issues.length > shown.length ? [`and ${f.issues.length - shown.length} more`] : [];
  const expected = f.expected && f.expected.length > 0 ? `expected: ${f.expected.map(visible).join(', ')}` : '';
  return text(
    `The input was refused (${[...shown, ...more].join(' | ')})`,
    expected,
    'correct it and repeat the call; nothing was done',
  );
}

function pathBlocked({ path, at, found }: Of<'path-blocked'>): FailureText {
  const there = `there is ${visible(found)} at ${quoted(at)}`;
  const size = /^an array of (\d+)$/.exec(found)?.[1];
  const [why, next] =
    found === 'nothing'
      ? [', and an index needs an array there', `state_set {path: ${quoted(at)}} to an array first`]
      : size !== undefined
        ? [`, whose places are [0] to [${size}]`, `name one of these (look with state_get {path: ${quoted(at)}})`]
        : found === 'an object'
          ? [', whose places have names, not indexes', `name one (look with state_get {path: ${quoted(at)}})`]
          : ['', `look with state_get {path: ${quoted(at)}}, then state_set that value to an object`];
  return text(`The path ${quoted(path)} cannot be created`, `${there}${why}`, `${next}, or choose another path`);
}

function tooLarge(f: Of<'too-large'>): FailureText {
  const size = f.actual === undefined ? `the limit is ${f.limit}` : `it is ${f.actual}, the limit is ${f.limit}`;
  // "the value, in bytes": what is measured in stands between commas.
  const what = /, in [^,]*$/.test(f.what) ? `${f.what},` : f.what;
  return text(`${visible(what)} is too large`, size, visible(f.instead));
}

function graphInvalid(f: Of<'graph-invalid'>): FailureText {
  const shown = f.errors.slice(0, 5).map((e) => `${visible(e.at)}: ${visible(e.message)}`);
  const more = f.errors.length > shown.length ? [`and ${f.errors.length - shown.length} more`] : [];
  return text(
    'The graph is not sound',
    [...shown, ...more].join(' | '),
    'correct it and check it with graph_check, which names every fault with a hint',
  );
}
