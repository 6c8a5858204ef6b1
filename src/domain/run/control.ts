// Controls a run from outside: pause, resume, cancel; retry, skip or resolve a node; answers and signals. Pure command;
// the tool run_control calls it. What concerns one node is in control-node.ts and answer.ts.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { Json } from '../../json/json.ts';
import type { Context, Transaction } from '../command.ts';
import { answerQuestion, sendSignal } from './answer.ts';
import { cancelBelow } from './cancel.ts';
import { controlNode } from './control-node.ts';
import { hasEnded, type RunStatus } from './document.ts';
import { expireDue } from './due.ts';
import { goOn, pause } from './pause.ts';
import { openScope, type RunScope } from './scope.ts';
import { setStatus, updateStatus } from './status.ts';
import { sweep } from './sweep.ts';
import { openUndo } from './undo.ts';

export const RUN_ACTIONS = [
  'pause',
  'resume',
  'cancel',
  'retry_node',
  'skip_node',
  'decide',
  'answer',
  'signal',
  'waive',
] as const;
export type RunAction = (typeof RUN_ACTIONS)[number];

/** What somebody may say became of a node in `needs_decision`. */
export const RESOLUTIONS = ['done', 'failed', 'retry', 'skip'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export interface ControlInput {
  run: string;
  action: RunAction;
  node?: string | undefined;
  decision?: Resolution | undefined;
  output?: Json | undefined;
  reason?: string | undefined;
  /** With `answer`: the id of the question, and the option chosen. */
  question?: string | undefined;
  option?: string | undefined;
  /** With `signal`: its name; `output` comes with it. */
  signal?: string | undefined;
}

export interface ControlAnswer {
  run: string;
  action: RunAction;
  status: RunStatus;
  node?: string;
  node_status?: NodeStatus;
  newly_ready: string[];
  /** What else there is to say of it. */
  note?: string;
}

/**
 * Carries out one action. Fails with `unknown-run`, `unknown-node`, `illegal-transition`, `invalid-input`, or
 * `not-allowed` for a run that another has replaced.
 */
export function controlRun(tx: Transaction, ctx: Context, input: ControlInput): Result<ControlAnswer> {
  const opened = openScope(tx, ctx, input.run);
  if (!opened.ok) return opened;
  // Or a claim that nobody asked about since it lapsed would stand in the way of the decision about it.
  if (!hasEnded(opened.value.run.status)) {
    expireDue(opened.value);
    sweep(opened.value);
  }
  switch (input.action) {
    case 'pause':
    case 'resume':
    case 'cancel':
      return controlWhole(opened.value, input.action, input.reason);
    case 'retry_node':
    case 'skip_node':
    case 'decide':
    case 'waive':
      return controlNode(opened.value, input);
    case 'answer':
      return answerQuestion(opened.value, input);
    case 'signal':
      return sendSignal(opened.value, input);
  }
}

const LEGAL: Record<RunStatus, readonly WholeAction[]> = {
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  stuck: ['pause', 'cancel'],
  failed: ['cancel'],
  finished: [],
  cancelled: [],
  compensating: ['pause'],
  compensated: [],
};
const ALREADY = { pause: 'paused', resume: 'running', cancel: 'cancelled' } as const;
type WholeAction = keyof typeof ALREADY;

function controlWhole(scope: RunScope, action: WholeAction, reason: string | undefined): Result<ControlAnswer> {
  const { run } = scope;
  const goal = ALREADY[action];
  if (run.status !== goal && !LEGAL[run.status].includes(action)) {
    const legal = LEGAL[run.status].map((other) => ALREADY[other]);
    const call = 'run_start {resume_from} to go on from what it finished';
    return fail({ code: 'illegal-transition', what: `the run ${run.id}`, from: run.status, to: goal, legal, call });
  }
  if (action === 'pause') pause(scope, reason);
  if (action === 'cancel' && run.status !== 'cancelled') {
    // Their holders learn it at their next report.
    cancelBelow(scope, '');
    setStatus(scope, openUndo(scope) ? 'compensating' : 'cancelled', reason);
  }
  if (action === 'resume' && run.status === 'paused') {
    goOn(scope);
    updateStatus(scope);
  }
  return ok({ run: run.id, action, status: scope.run.status, newly_ready: [] });
}
