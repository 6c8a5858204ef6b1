// The keys under which the windows of one session act for one agent: never the same one for two live windows.

import { expect, test } from 'vitest';
import { AgentWindows } from '../../src/app/agent-windows.ts';
import { agentKey } from '../../src/domain/session/presence-key.ts';
import { MemoryPresence } from '../../src/store/memory.ts';

/** What the processes of one machine announce. */
class Machine {
  private readonly announced = new Map<MemoryPresence, Set<string>>();

  window(): { windows: AgentWindows; presence: MemoryPresence; kill(): void } {
    const presence = new MemoryPresence();
    const own = new Set<string>();
    this.announced.set(presence, own);
    presence.attach = (key) => void own.add(key);
    presence.detach = (key) => void own.delete(key);
    presence.attachedElsewhere = (key: string) =>
      [...this.announced].some(([one, keys]) => one !== presence && keys.has(key));
    return { windows: new AgentWindows(presence, true), presence, kill: () => void this.announced.delete(presence) };
  }
}

const own = agentKey('ses-1', 'main');
const nothing = () => false;
const all = () => true;

test('the first window has the agent’s own key, each further one its own, and each keeps it', () => {
  const machine = new Machine();
  const keys = [1, 2, 3].map(() => machine.window().windows.take('ses-1', 'main', all));
  expect(keys[0]).toBe(own);
  expect(new Set(keys).size).toBe(3);
  const { windows } = machine.window();
  const taken = windows.take('ses-1', 'main', all);
  expect(keys).not.toContain(taken);
  expect(windows.take('ses-1', 'main', all)).toBe(taken);
});

test('a window takes the key of one that is gone as soon as it holds nothing under its own', () => {
  const machine = new Machine();
  const [first, second] = [machine.window(), machine.window()];
  first.windows.take('ses-1', 'main', nothing);
  const other = second.windows.take('ses-1', 'main', nothing);
  expect(second.windows.take('ses-1', 'main', nothing)).toBe(other);
  first.kill();
  expect(second.windows.take('ses-1', 'main', all)).toBe(other);
  expect(second.windows.take('ses-1', 'main', nothing)).toBe(own);
  expect(machine.window().windows.take('ses-1', 'main', nothing)).toBe(other);
});

test('two windows that announce one key at once do not share it', () => {
  const machine = new Machine();
  const [first, second] = [machine.window(), machine.window()];
  const { attach } = first.presence;
  let other: string | undefined;
  // Between the look of the first window and its announcement the second one takes the key.
  first.presence.attach = (key) => {
    other ??= second.windows.take('ses-1', 'main', nothing);
    attach(key);
  };
  expect(first.windows.take('ses-1', 'main', nothing)).not.toBe(other);
});

test('a closed window leaves nothing announced; one that serves nothing announces nothing', () => {
  const machine = new Machine();
  const [first, second] = [machine.window(), machine.window()];
  first.windows.take('ses-1', 'main', nothing);
  first.windows.close();
  expect(second.windows.take('ses-1', 'main', nothing)).toBe(own);
  const cli = new AgentWindows(machine.window().presence, false);
  expect(cli.take('ses-1', 'main', nothing)).toBe(own);
});

test('presence is noted under the agent’s own key, and under that of the window', () => {
  const machine = new Machine();
  machine.window().windows.take('ses-1', 'main', nothing);
  const second = machine.window();
  const key = second.windows.take('ses-1', 'main', nothing);
  second.windows.touch('ses-1', 'main');
  expect(second.presence.lastSeen(key)).toBeGreaterThan(0);
  expect(second.presence.lastSeen(own)).toBeGreaterThan(0);
});
