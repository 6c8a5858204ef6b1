// Lists that a filter empties: a word that no value can be is refused with what may be meant, an id that is not there
// is named, and of an empty list it is said what emptied it.

import { beforeEach, describe, expect, test } from 'vitest';
import { TeamRig, type Window } from '../team-rig.ts';

let window: Window;
beforeEach(async () => {
  window = await new TeamRig().window('one');
  await window.call('state_set', { path: '$.a', value: 1 });
});

async function refused(tool: string, args: object): Promise<string> {
  const failure = await window.fail(tool, args);
  return failure.code === 'invalid-input'
    ? failure.issues.map(({ at, why }) => `${at}: ${why}`).join('; ')
    : failure.code;
}

describe('events_query', () => {
  test('a type or a kind of stream that no event can have is refused', async () => {
    expect(await refused('events_query', { type: 'state.sett' })).toMatch(/did you mean .*\bstate\.set\b/);
    expect(await refused('events_query', { type: 'stat.' })).toMatch(/did you mean .*\bstate\./);
    expect(await refused('events_query', { type: 'task' })).toMatch(/did you mean .*\btask\./);
    expect(await refused('events_query', { stream: 'sesion/x' })).toContain('did you mean session/');
    expect(await refused('events_query', { stream: 'session' })).toContain('did you mean session/');
  });

  test('a stream that is not there is named, with the nearest', async () => {
    const answer = await window.call('events_query', { stream: `session/${window.session}x` });
    expect(answer).toMatchObject({
      events: [],
      note: expect.stringContaining(`the nearest: session/${window.session}`),
    });
  });

  test('an empty answer says which filter emptied it', async () => {
    expect(await window.call('events_query', { author: 'nobody', type: 'state.' })).toMatchObject({
      events: [],
      note: 'no event has author "nobody"',
    });
    expect(await window.call('events_query', { author: 'session_start', type: 'state.set' })).toMatchObject({
      note: 'events fit each of type, author, but none fits all of them',
    });
    const { seq } = await window.call('events_query');
    expect(await window.call('events_query', { from: Number(seq) + 1 })).toMatchObject({
      note: `the newest event is that of seq ${seq}`,
    });
    expect(await window.call('events_query', { type: 'state.set' })).not.toHaveProperty('note');
  });
});

describe('run_status', () => {
  let run: unknown;
  beforeEach(async () => {
    const { hash } = await window.call('graph_check', { nodes: [{ id: 'a', kind: 'agent', task: 'x' }] });
    run = (await window.call('run_start', { graph: hash })).run;
  });

  test('a status of nodes is none of runs, nor the other way about, and a node is one of a run', async () => {
    expect(await refused('run_status', { status: 'ready' })).toMatch(/^status: of runs it is one of running, /);
    expect(await refused('run_status', { run, status: 'paused' })).toMatch(/^status: of nodes it is one of waiting, /);
    expect(await refused('run_status', { node: 'a' })).toBe('run: required with node');
  });

  test('an empty list says what there is instead', async () => {
    expect(await window.call('run_status', { run, status: 'failed' })).toMatchObject({
      nodes: [],
      note: 'no node is failed; there are: ready 1',
    });
    expect(await window.call('run_status', { status: 'stuck' })).toMatchObject({
      runs: [],
      note: 'no run is stuck; there are: running 1',
    });
    expect(await window.call('run_status', { run, cursor: '9' })).toMatchObject({ note: 'the list ends at 1' });
    const other = await new TeamRig().window('two');
    expect(await other.call('run_status')).toMatchObject({ runs: [], note: 'this project has no run yet' });
  });
});
