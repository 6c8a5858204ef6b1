// Hints that no call of a tool on a store in memory brings about: the doctor's command, an import's names of files,
// BATON_SESSION, and a recipient by the name of its session. And all texts of src that name a call.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sourceKinds } from '../../src/admin/import/index.ts';
import { SessionBinding } from '../../src/app/session-binding.ts';
import { readSource } from '../../src/cli/import-source.ts';
import { failureLine } from '../../src/failure/describe.ts';
import { tools } from '../../src/tools/index.ts';
import { makeStore, newPlace, verify } from '../admin/made-store.ts';
import { Rig, workspace } from '../rig.ts';
import { TeamRig } from '../team-rig.ts';

test("the doctor's command puts rights right, also of what must not be writable and of places with spaces", async () => {
  const place = newPlace();
  const dir = join(place.parent, "my state's (old) $HOME");
  await makeStore(dir);
  fs.chmodSync(join(dir, 'log'), 0o755);
  const [document = ''] = fs.readdirSync(join(dir, 'sessions')).filter((name) => name.endsWith('.json'));
  fs.chmodSync(join(dir, 'sessions', document), 0o600);
  const found = verify(dir).report.findings;
  expect(found).toMatchObject([{ code: 'permissions' }]);
  execFileSync('sh', ['-c', found[0]?.next ?? 'false']);
  expect(verify(dir).report.findings).toEqual([]);
  place.remove();
});

test.each(Object.entries(sourceKinds))('an import of %s names files in words, not by an expression', (_, kind) => {
  const place = newPlace();
  fs.mkdirSync(join(place.parent, 'empty'));
  const read = readSource(join(place.parent, 'empty'), kind);
  const line = read.ok ? '' : failureLine(read.failure);
  expect(line).toContain(`files with ${kind.called}`);
  expect(line).not.toMatch(/\\\.|\(\?|\$\//);
  // The words and the expression mean the same: each name that the words give is read.
  const names = kind.called.match(/[\w-]*\.(jsonl?|md|txt)\b/g) ?? [];
  expect(names).not.toEqual([]);
  for (const name of names) expect(kind.reads.test(name.startsWith('.') ? `x${name}` : name), name).toBe(true);
  place.remove();
});

test('BATON_SESSION is named where it names no session, and the hinted session_start helps', async () => {
  const rig = new Rig();
  const binding = new SessionBinding(rig.documents, { user: 'u', workspace, serves: true, session: 'ses-gone' });
  const refused = await binding.ensure();
  expect(refused.ok ? '' : failureLine(refused.failure)).toMatch(
    /BATON_SESSION names it: .* session_start \{resume: "new"\}$/,
  );
  const named = await binding.ensure('ses-other');
  expect(named.ok ? '' : failureLine(named.failure)).not.toContain('BATON_SESSION');
  const started = await binding.start({ resume: 'new' });
  expect(started).toMatchObject({ ok: true });
  expect(await binding.ensure()).toMatchObject({ ok: true });
});

test('a message goes to the one open session that has a name, and asks which where two have it', async () => {
  const rig = new TeamRig();
  const alpha = await rig.window('alpha');
  const beta = await rig.window('beta');
  for (const to of ['beta', 'session:beta']) await alpha.call('message_send', { to, text: `to ${to}` });
  expect((await beta.read()).map((text) => text.replace(/^.*: /, ''))).toEqual(['to beta', 'to session:beta']);
  expect(await alpha.fail('message_send', { to: 'agent:beta', text: 'x' })).toMatchObject({ code: 'not-found' });
  const other = rig.process('another');
  const { session } = await other.call('session_start', { name: 'beta', resume: 'new' });
  const refused = await alpha.fail('message_send', { to: 'beta', text: 'x' });
  expect(failureLine(refused)).toContain(String(session));
  await alpha.call('message_send', { to: session, text: 'x' });
});

test('a channel is joined by the word that message_send takes', async () => {
  const rig = new TeamRig();
  const alpha = await rig.window('alpha');
  const beta = await rig.window('beta');
  await alpha.call('message_send', { to: 'channel:dev', text: 'hello' });
  expect(await beta.read({ join: 'channel:dev' })).toHaveLength(1);
  expect(await beta.read({ leave: 'channel:dev' })).toEqual([]);
});

test('every call that a text of src names has arguments that its tool takes', () => {
  const known = new Map(tools.map(({ name, input }) => [name, Object.keys(input.shape)]));
  const wrong: string[] = [];
  let seen = 0;
  for (const file of fs.readdirSync('src', { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    // Inserted values hold no names of arguments.
    const text = fs.readFileSync(join('src', file), 'utf8').replace(/\$\{[^{}]*\}/g, '0');
    for (const [call, name = '', args = ''] of text.matchAll(
      /\b([a-z]+_[a-z]+) \{([a-z_]+(?::[^{}\n]*|[^{}:\n]*))\}/g,
    )) {
      const takes = known.get(name);
      if (takes === undefined) continue;
      seen += 1;
      const bare = args.replace(/"[^"]*"|\[[^\]]*\]/g, '0');
      for (const [, key = ''] of bare.matchAll(/(?:^|,)\s*([a-z_]+)/g))
        if (!takes.includes(key)) wrong.push(`${file}: ${call}`);
    }
  }
  expect(seen).toBeGreaterThan(50);
  expect(wrong).toEqual([]);
});
