// /execute_parallel: spreads one run over several agents, each of which claims its own nodes.

import { parsePlanId } from '../domain/plan/ids.ts';
import { openRuns, openSprints, savedGraphs } from './complete.ts';
import { call, fresh, type Prompt, steps } from './define.ts';

export const executeParallel: Prompt = {
  name: 'execute_parallel',
  title: 'Execute in parallel',
  description: 'Spread a run over several agents, each claiming its own nodes',
  arguments: [
    {
      name: 'run',
      description: 'A run, or a sprint or saved graph to start',
      required: true,
      complete: (view, services) => [...openRuns(view, services), ...openSprints(view, services), ...savedGraphs(view)],
    },
    { name: 'agents', description: 'How many; default 3', complete: () => ['2', '3', '4', '6', '8'] },
  ],
  text: ({ run: named = '', agents }) => {
    const count = Math.min(20, Math.max(2, Number.parseInt(agents ?? '', 10) || 3));
    const isRun = named.startsWith('run-');
    const run = isRun ? named : '<the run>';
    const sprint = parsePlanId('sprint', named)?.toUpperCase();
    const start = sprint === undefined ? { graph: named } : { sprint };
    const going = sprint === undefined ? '' : ' If a run of it is under way, the refusal names it: use that one.';
    const kind = isRun ? 'run' : sprint === undefined ? 'graph' : 'sprint';
    return `Have ${count} agents work on the ${kind} ${named} at once.

${steps(
  isRun
    ? undefined
    : `Start it; run is the id that is answered.${going}${call('run_start', { ...start, request_id: fresh('start') })}`,
  `See how much of it can go on at once: what is ready now, and the critical path.${call('run_status', { run })}`,
  `Start at most ${count} subagents in one message, and no more than are ready. Give each a name of its own \
(worker-1, worker-2, …) and exactly the instructions below. They share your connection: the name and the claim \
tell them apart, so every call of theirs carries one or the other.
   --- instructions for worker-1
   Claim:${call('run_claim', { run, agent: 'worker-1', wait_s: 30 })}
   Do what the brief says with that alone. Before renew_within_s has passed:${call('run_report', {
     claim: '<your ' + 'claim>',
     status: 'progress',
     percent: 50,
   })}
   Report:${call('run_report', {
     claim: '<your claim>',
     status: 'done',
     summary: '<what was ' + 'done>',
     output: {},
     evidence: { tests: '<what passed>' },
   })}
   Claim again until it answers none. Then end, and say what you did.
   --- end of instructions`,
  `Wait for the run instead of asking again and again.${call('run_status', { run, wait_s: 50 })}`,
  `When a subagent has ended and nodes are left, start another for them. A claim whose agent is gone ends by ` +
    `itself with its lease; its late result is kept, never lost.${call('run_status', { run, status: 'claimed' })}`,
  `What needs a decision is mine to decide: show me the node and its reason.` +
    `${call('run_status', { run, status: 'needs_decision' })}`,
)}

Do no node yourself while others work. At the end show me the counts, what failed and why.`;
  },
};
