// The current sprint is the same wherever none is named: the tool, the dashboard, the status line, the joined state,
// the board as a resource, and the prompt.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sourceOf } from '../../src/app/view-source.ts';
import { takeView } from '../../src/dashboard/board.ts';
import { dashboardViews } from '../../src/dashboard/index.ts';
import { lineParts } from '../../src/dashboard/status-line.ts';
import { executePlan } from '../../src/prompts/execute-plan.ts';
import { board } from '../../src/resources/board.ts';
import { TeamRig, type Window } from '../team-rig.ts';
import { planWindow } from './plan-window.ts';

const SPRINT = /SPR-\d+/;
const PROJECT = 'prj-1';

let window: Window;
afterEach(() => {
  vi.useRealTimers();
});
beforeEach(async () => {
  window = await planWindow('one', new TeamRig());
});

/** What each place says to be the current sprint of the window; '' for none. */
async function said(): Promise<Record<string, string>> {
  const { services, session } = window;
  const { documents, plans } = services;
  const sourced = await sourceOf(services, false);
  const sectionOf = (name: 'sprint' | 'team') =>
    documents.peek((view) => {
      const { sections } = takeView(dashboardViews[name], sourced(view, Date.now()));
      return JSON.stringify(sections.find((section) => section.name === 'sprint')?.rows);
    });
  const line = documents.peek((view) => {
    const viewScope = { project: PROJECT, now: Date.now(), presence: documents.presence };
    return lineParts({ view, viewScope, session, checks: [], plan: plans.at(view) });
  });
  const tool = await window.run('sprint_board', {});
  const texts = {
    tool: JSON.stringify(tool.ok ? Object(tool.value).sprint : ''),
    sprintView: sectionOf('sprint'),
    teamView: sectionOf('team'),
    line: JSON.stringify(line),
    joined: JSON.stringify(await window.call('state_get', { path: '$.organization.projects' })),
    resource: documents.peek((view) => JSON.stringify(board.read(view, PROJECT, services))),
    prompt: await executePlan.text({}, services),
  };
  return Object.fromEntries(Object.entries(texts).map(([place, text = '']) => [place, SPRINT.exec(text)?.[0] ?? '']));
}

const everywhere = (sprint: string) =>
  Object.fromEntries(PLACES.map((place) => [place, sprint])) as Record<string, string>;

const PLACES = ['tool', 'sprintView', 'teamView', 'line', 'joined', 'resource', 'prompt'];

async function make(...statuses: ('planned' | 'active')[]): Promise<void> {
  for (const status of statuses) await window.call('sprint_save', { title: 'a sprint', status });
}

describe('the current sprint, everywhere', () => {
  test('is none without an open one', async () => {
    expect(await said()).toEqual(everywhere(''));
    await make('active');
    await window.call('sprint_save', { id: 'SPR-1', status: 'completed' });
    expect(await said()).toEqual(everywhere(''));
  });

  test('is the next planned one before one is active', async () => {
    await make('planned', 'planned');
    expect(await said()).toEqual(everywhere('SPR-1'));
  });

  test('is the active one that was started last, whatever its number', async () => {
    await make('planned', 'active', 'planned');
    expect(await said()).toEqual(everywhere('SPR-2'));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    await make('active');
    expect(await said()).toEqual(everywhere('SPR-4'));
    vi.setSystemTime(Date.now() + 60_000);
    await window.call('sprint_save', { id: 'SPR-1', status: 'active' });
    expect(await said()).toEqual(everywhere('SPR-1'));
  });

  test('is the one that the session has joined while that is open', async () => {
    await make('active', 'active', 'planned');
    await window.call('session_update', { sprint: 'SPR-3' });
    expect(await said()).toEqual(everywhere('SPR-3'));
    await window.call('session_update', { sprint: 'SPR-1' });
    expect(await said()).toEqual(everywhere('SPR-1'));
    await window.call('sprint_save', { id: 'SPR-1', status: 'completed' });
    expect(await said()).toEqual(everywhere('SPR-2'));
  });
});
