// The list of tools. Loaded at the first call (cli/verbs/serve.ts) and by scripts/gen.ts.

import type { Services } from '../app/services.ts';
import { surround } from './around/around.ts';
import { mailNote } from './around/mail-note.ts';
import { policies } from './around/policies.ts';
import { whoseSession } from './around/whose-session.ts';
import { dashboardGet } from './dashboard-get.ts';
import { decisionOpen } from './decision-open.ts';
import { decisionVote } from './decision-vote.ts';
import type { Tool } from './define.ts';
import { epicSave } from './epic-save.ts';
import { eventsQuery } from './events-query.ts';
import { graphCheck } from './graph-check.ts';
import { hookEvent } from './hook-event.ts';
import { lockAcquire } from './lock-acquire.ts';
import { lockRelease } from './lock-release.ts';
import { messageRead } from './message-read.ts';
import { messageSend } from './message-send.ts';
import { planList } from './plan-list.ts';
import { planSave } from './plan-save.ts';
import { projectGet } from './project-get.ts';
import { projectSave } from './project-save.ts';
import { registrySave } from './registry-save.ts';
import { runClaim } from './run-claim.ts';
import { runControl } from './run-control.ts';
import { runReport } from './run-report.ts';
import { runStart } from './run-start.ts';
import { runStatus } from './run-status.ts';
import { sessionCleanup } from './session-cleanup.ts';
import { sessionHandoff } from './session-handoff.ts';
import { sessionHeartbeat } from './session-heartbeat.ts';
import { sessionList } from './session-list.ts';
import { sessionRecover } from './session-recover.ts';
import { sessionStart } from './session-start.ts';
import { sessionUpdate } from './session-update.ts';
import { sprintBoard } from './sprint-board.ts';
import { sprintSave } from './sprint-save.ts';
import { stateBatch } from './state-batch.ts';
import { stateDelete } from './state-delete.ts';
import { stateGet } from './state-get.ts';
import { stateHistory } from './state-history.ts';
import { stateMerge } from './state-merge.ts';
import { stateRestore } from './state-restore.ts';
import { stateSet } from './state-set.ts';
import { taskSave } from './task-save.ts';

export const tools: readonly Tool<Services>[] = [
  dashboardGet,
  epicSave,
  eventsQuery,
  decisionOpen,
  decisionVote,
  graphCheck,
  hookEvent,
  lockAcquire,
  lockRelease,
  messageRead,
  messageSend,
  planList,
  planSave,
  projectGet,
  projectSave,
  registrySave,
  runClaim,
  runControl,
  runReport,
  runStart,
  runStatus,
  sessionCleanup,
  sessionHandoff,
  sessionHeartbeat,
  sessionList,
  sessionRecover,
  sessionStart,
  sessionUpdate,
  sprintBoard,
  sprintSave,
  stateBatch,
  stateDelete,
  stateGet,
  stateHistory,
  stateMerge,
  stateRestore,
  stateSet,
  taskSave,
].map((tool) => surround(tool, [policies, whoseSession, mailNote]));
