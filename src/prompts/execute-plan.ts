// /execute_plan: do the work of a run, of a saved graph or of a sprint, one piece after the other.

import { parsePlanId } from '../domain/plan/ids.ts';
import { openRuns, openSprints, savedGraphs } from './complete.ts';
import { call, type Given, type Prompt, present, steps } from './define.ts';

export const executePlan: Prompt = {
  name: 'execute_plan',
  title: 'Execute a plan',
  description: 'Work through a run, a saved graph or a sprint until nothing is left',
  arguments: [
    {
      name: 'plan',
      description: 'A run, a saved graph or a sprint; default the active sprint',
      complete: (view, ports) => [...openRuns(view, ports), ...openSprints(view, ports), ...savedGraphs(view)],
    },
    { name: 'agent', description: 'The name you work under' },
  ],
  text: (given) => {
    const { plan } = given;
    if (plan === undefined || parsePlanId('sprint', plan) !== undefined) return sprintText(given);
    return runText(given);
  },
};

function runText({ plan = '', agent }: Given): string {
  const isRun = plan.startsWith('run-');
  const run = isRun ? plan : 'run-abc12345';
  return `Work through ${isRun ? 'the run' : 'the graph'} ${plan} until nothing is left.

${steps(
  isRun
    ? `See where it stands.${call('run_status', { run })}`
    : `See what it would do, then start it; run is the id that is answered.${call('run_start', { graph: plan, dry_run: true })}${call('run_start', { graph: plan, request_id: 'start-1' })}`,
  `Claim the next node. The answer is a brief: do it with that alone.${call('run_claim', present({ run, agent, wait_s: 30 }))}`,
  `Do the work. If it takes longer than renew_within_s, say so before.${call('run_report', { claim: '<the claim>', status: 'progress', percent: 50 })}`,
  `Report it with what it made. evidence says what proves it.${call('run_report', { claim: '<the claim>', status: 'done', summary: '<what was done>', output: { files: ['<path>'] }, evidence: { tests: '<what passed>' } })}`,
  `If you cannot do it, say why rather than half of it. retryable: trying again may help; terminal: it will not.${call('run_report', { claim: '<the claim>', status: 'failed', error_kind: 'terminal', summary: '<why>' })}`,
  'Go back to claiming until it answers none. all_claimed: others work on what is left; wait. all_blocked: something failed or waits for a decision. finished: you are done.',
  `Where a node needs a decision, read it, and ask me before you decide.${call('run_status', { run, status: 'needs_decision' })}`,
)}

At the end show me the counts of run_status, what failed and why. Never report done what you did not do.`;
}

function sprintText({ plan, agent }: Given): string {
  const sprint = plan?.toUpperCase();
  const parent = sprint ?? 'SPR-1';
  return `Work through ${sprint === undefined ? 'the active sprint' : `the sprint ${sprint}`} until nothing is left.

${steps(
  `See the board${sprint === undefined ? ', and take the sprint id from it' : ''}.${call('sprint_board', present({ sprint }))}`,
  `List what can be started now.${call('plan_list', { kind: 'task', parent, status: 'ready', detail: 'full', limit: 5 })}`,
  `Take the first that nobody has. A refusal says who was faster or what is still needed.${call('task_save', { id: 'TSK-1', status: 'active', assignee: agent ?? 'main' })}`,
  'Do what its description says, and prove it: run its tests.',
  `Finish it. unblocked in the answer is what can be started because of it.${call('task_save', { id: 'TSK-1', status: 'done' })}`,
  `If it cannot go on, say what it waits for, and take the next.${call('task_save', { id: 'TSK-1', status: 'blocked', blocked_reason: '<what it waits for>' })}`,
  `What you find on the way and do not do now becomes a task of its own.${call('task_save', { title: '<what is to be done>', discovered_from: 'TSK-1' })}`,
  'Go back to the list until it is empty. Nothing ready and nothing left are two things: the note of the answer says which.',
)}

At the end show me the board. Never mark done what you did not do.`;
}
