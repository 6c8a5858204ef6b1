// Whether a task has been in its status for longer than its project allows: one rule for board, dashboards and alerts.

import type { TaskStatus } from '../../domain/plan/task.ts';
import type { Alerts } from '../../domain/project/config.ts';

const HOUR_MS = 3_600_000;

/** Whether a blocked, active or in-review task has had its status for at least the project's hours. Times are ms. */
export function standsTooLong(
  task: { status: TaskStatus; since: number },
  { blocked_hours, idle_hours }: Alerts,
  now: number,
): boolean {
  const hours = { blocked: blocked_hours, active: idle_hours, review: idle_hours }[String(task.status)];
  return hours !== undefined && now - task.since >= hours * HOUR_MS;
}
