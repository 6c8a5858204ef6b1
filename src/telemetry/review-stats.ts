// Pass rates counted from the log: reviews of tasks, and attempts of nodes by the grade of their evidence. log-stats.ts
// adds each commit; documents cannot tell, because they keep only the last attempt.

import { isObject, type Json } from '../json/json.ts';
import type { Author, StreamEvent } from '../store/commit.ts';
import type { PassCount, QualityFacts } from '../views/source.ts';

/** Tasks, and runs, that are remembered; the oldest is dropped first. */
const MAX_KEPT = 20_000;

/** The grade of an attempt whose evidence states none, by the tool that ended the attempt. */
const GRADES: Readonly<Record<string, string>> = {
  runner: 'run-by-server',
  run_report: 'claimed',
  run_control: 'decided',
};
const ATTEMPT_ENDS: Readonly<Record<string, keyof PassCount>> = {
  'node.finished': 'passed',
  'node.failed': 'refused',
  'node.retrying': 'refused',
};

export class ReviewStats {
  private readonly reviews = new Map<string, PassCount>();
  private readonly attempts = new Map<string, Map<string, PassCount>>();
  private readonly inReview = new Set<string>();

  facts(): QualityFacts {
    return { reviews: this.reviews, attempts: this.attempts };
  }

  note(by: Author, events: readonly StreamEvent[]): void {
    for (const event of events) {
      if (event.stream.startsWith('task/')) this.noteTask(event.stream.slice('task/'.length), event.type);
      else if (event.stream.startsWith('run/')) this.noteAttempt(event.stream.slice('run/'.length), by, event);
    }
  }

  /** A task in review that is finished has passed; one that goes back to work is refused; other ends do not count. */
  private noteTask(task: string, type: string): void {
    if (type === 'task.submitted') {
      this.inReview.add(task);
      return;
    }
    if (!STATUS_EVENTS.has(type) || !this.inReview.delete(task)) return;
    const verdict = type === 'task.finished' ? 'passed' : 'refused';
    if (type === 'task.finished' || type === 'task.started' || type === 'task.returned')
      kept(this.reviews, task, () => ({ passed: 0, refused: 0 }))[verdict] += 1;
  }

  private noteAttempt(run: string, by: Author, { type, patch }: StreamEvent): void {
    const verdict = ATTEMPT_ENDS[type];
    const usual = GRADES[by.tool];
    // A node that another tool ended, such as a claim that found its task done, was not attempted.
    if (verdict === undefined || usual === undefined) return;
    const record: Json | undefined = patch[0] !== undefined && 'value' in patch[0] ? patch[0].value : undefined;
    const evidence = isObject(record) ? record.evidence : undefined;
    const grade = isObject(evidence) && typeof evidence.grade === 'string' ? evidence.grade.slice(0, 32) : usual;
    const grades = kept(this.attempts, run, () => new Map<string, PassCount>());
    kept(grades, grade, () => ({ passed: 0, refused: 0 }))[verdict] += 1;
  }
}

const STATUS_EVENTS: ReadonlySet<string> = new Set([
  'task.finished',
  'task.started',
  'task.returned',
  'task.blocked',
  'task.cancelled',
  'task.archived',
]);

/** The entry under a name, made if absent. Drops the oldest entry once there are more than MAX_KEPT. */
function kept<T>(counts: Map<string, T>, name: string, make: () => T): T {
  const known = counts.get(name);
  if (known !== undefined) return known;
  const made = make();
  counts.set(name, made);
  const [oldest] = counts.keys();
  if (counts.size > MAX_KEPT && oldest !== undefined) counts.delete(oldest);
  return made;
}
