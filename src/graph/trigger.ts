// When a node starts: a rule over how its needs ended. Pure data and one table; ready/survey.ts applies it to a run.
//
// A need is good (finished, or skipped by hand), passed (skipped because of a condition or of what is before it), bad
// (failed, cancelled, or dead: it can no longer start because of failures) or open (all else). The first that holds
// counts:
//
//   all_success, the default       some bad → dead · some open → waits · some passed → skipped · else starts
//   none_failed                    some bad → dead · some open → waits · some good → starts · else skipped
//   any_success (n = 1), n_of {n}  n good → starts · good + open ≥ n → waits · some bad → dead ·
//                                  some open → waits · else skipped
//   all_done                       some open → waits · else starts
//   any_failed                     some open → waits · some bad → starts · else skipped
//   all_failed                     some good or passed → skipped · some open → waits · else starts

export const TRIGGERS = [
  'all_success',
  'none_failed',
  'any_success',
  'n_of',
  'all_done',
  'any_failed',
  'all_failed',
] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** What a trigger makes of a waiting node. */
export type Verdict = 'starts' | 'waits' | 'dead' | 'skipped';

/** How many needs of a node ended in which way. */
export interface NeedCounts {
  good: number;
  passed: number;
  bad: number;
  open: number;
}

/** Triggers that start nodes after a failure, in a halted run too. */
const ERROR_PATH: ReadonlySet<Trigger> = new Set(['all_done', 'any_failed', 'all_failed']);

export interface NodeTrigger {
  rule: Trigger;
  /** How many good needs any_success and n_of ask for; 0 for other rules. */
  n: number;
  errorPath: boolean;
  handles: boolean;
}

/** The fields of a node that tell when it starts. */
export interface Triggered {
  trigger?: Trigger;
  n?: number;
  handles?: boolean;
  when?: string;
}

/** The trigger of a node, with defaults. */
export function triggerOf({ trigger: rule = 'all_success', n = 0, handles = false }: Triggered): NodeTrigger {
  return { rule, n: rule === 'any_success' ? 1 : n, errorPath: ERROR_PATH.has(rule), handles };
}

/** Whether a node starts by anything but the success of all its needs, or answers for their failure. */
export function hasTrigger({ trigger = 'all_success', handles = false, when }: Triggered): boolean {
  return trigger !== 'all_success' || handles || when !== undefined;
}

/** The table above. */
export function verdictOf({ rule, n }: NodeTrigger, { good, passed, bad, open }: NeedCounts): Verdict {
  switch (rule) {
    case 'all_success':
      if (bad > 0) return 'dead';
      if (open > 0) return 'waits';
      return passed > 0 ? 'skipped' : 'starts';
    case 'none_failed':
      if (bad > 0) return 'dead';
      if (open > 0) return 'waits';
      return good > 0 ? 'starts' : 'skipped';
    case 'any_success':
    case 'n_of':
      if (good >= n) return 'starts';
      if (good + open >= n) return 'waits';
      if (bad > 0) return 'dead';
      return open > 0 ? 'waits' : 'skipped';
    case 'all_done':
      return open > 0 ? 'waits' : 'starts';
    case 'any_failed':
      if (open > 0) return 'waits';
      return bad > 0 ? 'starts' : 'skipped';
    case 'all_failed':
      if (good + passed > 0) return 'skipped';
      return open > 0 ? 'waits' : 'starts';
  }
}
