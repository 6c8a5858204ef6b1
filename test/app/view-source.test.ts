// The settings that views show: paths without the home directory, whatever that is.

import { expect, test } from 'vitest';
import { sourceOf } from '../../src/app/view-source.ts';
import { planWindow } from '../tools/plan-window.ts';

test.each([
  ['/home/al', '/home/al/state', '~/state'],
  ['/home/al', '/home/alice/state', '/home/alice/state'],
  ['', '/state', '/state'],
])('with the home directory "%s", %s is shown as %s', async (home, stateDir, shown) => {
  const { services } = await planWindow();
  const config = { home, stateDir, traceFile: stateDir, toolsets: { all: true }, allowCommands: [], allowEnv: [] };
  Object.assign(services, { config });
  const sourced = await sourceOf(services, false);
  const { settings } = services.documents.peek((view) => sourced(view, 0).process);
  expect(settings).toMatchObject({ state_dir: shown, trace_file: shown });
});
