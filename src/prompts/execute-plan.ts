// /execute_plan: works through a run, a saved graph or a sprint, node by node.

import { parsePlanId, showId } from '../domain/plan/ids.ts';
import { currentSprint } from '../views/plan/current-sprint.ts';
import { openRuns, openSprints, savedGraphs, workers } from './complete.ts';
import { call, fresh, type Given, type Prompt, present, steps } from './define.ts';

export const executePlan: Prompt = {
  name: 'execute_plan',
  title: 'Execute a plan',
  description: 'Work through a run, a saved graph or a sprint until nothing is left',
  arguments: [
    {
      name: 'plan',
      description: 'A run, a saved graph or a sprint; default the current sprint',
      complete: (view, services) => [...openRuns(view, services), ...openSprints(view, services), ...savedGraphs(view)],
    },
    { name: 'agent', description: 'The name you work under', complete: workers },
  ],
  text: async (given, { documents, plans, sessions, workspace: { project } }) => {
    if (given.plan !== undefined) return runText(given.plan, given);
    // Without a name, the current sprint, looked up here so that the text can name it.
    const sprint = await documents.read((view) =>
      currentSprint(plans.at(view), view, { project, session: sessions.find(view) }),
    );
    return sprint === undefined ? nothingText() : runText(showId(sprint.id), given, sprint.status === 'planned');
  },
};

function nothingText(): string {
  return `There is no open sprint to execute. Look for what there is, and ask me which it should be.

${steps(
  `Sprints:${call('plan_list', { kind: 'sprint', status: 'open' })}`,
  `Runs that are not over:${call('run_status')}`,
)}`;
}

function joinText(sprint: string, planned: boolean): string {
  if (!planned) return `Say that you work on it.${call('session_update', { sprint })}`;
  return (
    `It has not begun: begin it when I say so, and join it.` +
    `${call('sprint_save', { id: sprint, status: 'active', join: true })}`
  );
}

function runText(plan: string, { agent }: Given, planned = false): string {
  const sprint = parsePlanId('sprint', plan)?.toUpperCase();
  const isRun = plan.startsWith('run-');
  const run = isRun ? plan : '<the run>';
  const start = sprint === undefined ? { graph: plan } : { sprint };
  const joins = sprint === undefined ? '' : `${joinText(sprint, planned)}\n   `;
  const going = sprint === undefined ? '' : ' If a run of it is under way, the refusal names it: go on with that one.';
  const name = isRun ? `the run ${plan}` : sprint === undefined ? `the graph ${plan}` : `the sprint ${sprint}`;
  return `Work through ${name} until nothing is left.

${steps(
  isRun
    ? `See where it stands.${call('run_status', { run })}`
    : `${joins}See what it would do, then start it; run is the id that is answered.${going}` +
        `${call('run_start', { ...start, dry_run: true })}` +
        `${call('run_start', { ...start, request_id: fresh('start') })}`,
  `Claim the next node. The answer is a brief: do it with that alone.` +
    `${call('run_claim', present({ run, agent, wait_s: 30 }))}`,
  `Do the work. If it takes longer than renew_within_s, say so before.${call('run_report', {
    claim: '<the ' + 'claim>',
    status: 'progress',
    percent: 50,
  })}`,
  `Report it with what it made. evidence says what proves it.${call('run_report', {
    claim: '<the ' + 'claim>',
    status: 'done',
    summary: '<what was done>',
    output: { files: ['<path>'] },
    evidence: { tests: '<what ' + 'passed>' },
  })}`,
  `If you cannot do it, say why rather than half of it. retryable: trying again may help; terminal: it will not.` +
    `${call('run_report', { claim: '<the claim>', status: 'failed', error_kind: 'terminal', summary: '<why>' })}`,
  'Go back to claiming until it answers none. all_claimed: others work on what is left; wait. all_blocked: ' +
    'something failed or waits for a decision. finished: you are done.',
  `Where a node needs a decision, read it, and ask me before you decide.` +
    `${call('run_status', { run, status: 'needs_decision' })}`,
)}

What you find on the way and do not do now becomes a task of its own:${call('task_save', {
    title: '<what is to be ' + 'done>',
  })}

At the end show me the counts of run_status, what failed and why. Never report done what you did not do.`;
}
