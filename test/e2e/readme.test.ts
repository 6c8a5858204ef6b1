// The README's sixty seconds are true: its commands, run by a shell with the built program, print the text shown there.
// `README_WRITE=1 npx vitest run test/e2e/readme.test.ts` writes what they print now into the README.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, inject, test } from 'vitest';
import { freshDir } from './rig.ts';

interface Step {
  command: string;
  output: string[];
}

const place = path.resolve(import.meta.dirname, '../../README.md');
const readme = fs.readFileSync(place, 'utf8');

/** Commands (`$ …`, continued by `> …`) with the lines below each, of the block after a mark. */
function stepsAfter(mark: string): Step[] {
  const block = new RegExp(`<!-- ${mark}[^>]*-->\\n\`\`\`console\\n(.*?)\`\`\``, 's').exec(readme)?.[1] ?? '';
  const steps: Step[] = [];
  for (const line of block.trimEnd().split('\n')) {
    const last = steps.at(-1);
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: [] });
    else if (last !== undefined && last.output.length === 0 && line.startsWith('> '))
      last.command += `\n${line.slice(2)}`;
    else last?.output.push(line);
  }
  return steps;
}

/** What differs each time: random ids, sums, times, ages, and the width that they leave to their neighbours. */
function steady(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d[T ][\d:.]+Z/g, 'TIME')
    .replace(/\b(run|ses)-[a-z0-9]{8}\b/g, '$1-ID')
    .replace(/(run-ID\.tsk-\d+\.\d+)\.[a-z0-9]{6}\b/g, '$1.ID')
    .replace(/\b(etag:|chain) [0-9a-f]{16}\b/g, '$1 SUM')
    .replace(/\+?\b\d+[smh]\b/g, 'AGE')
    .replaceAll(new RegExp(`\\b(${userInfo().username}|root)\\b`, 'g'), 'USER')
    .replace(/[ ─]{2,}/g, ' ');
}

const transcript = stepsAfter('transcript:');
const screen = stepsAfter('screen:');
const MARK = '=== next';
let printed: string[] = [];

/** All steps in one shell, in a fresh project: each one sees what those before it left. */
beforeAll(() => {
  const dir = freshDir();
  const project = path.join(dir, 'shop');
  fs.mkdirSync(path.join(project, '.git'), { recursive: true });
  const run = `baton() { ${JSON.stringify(process.execPath)} ${JSON.stringify(inject('program'))} "$@"; }`;
  const script = [run, ...[...transcript, ...screen].map(({ command }) => `${command}\necho '${MARK}'`)].join('\n');
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, BATON_STATE_DIR: path.join(dir, 'state'), TZ: 'UTC' };
  // A refusal goes to stderr: a terminal shows both.
  const ran = spawnSync('sh', ['-c', `exec 2>&1\n${script}`], { cwd: project, env, encoding: 'utf8', timeout: 60_000 });
  printed = ran.stdout.split(`${MARK}\n`).map((text) => text.trimEnd());
  if (process.env['README_WRITE'] === '1') write();
});

/** Puts what was printed below each command. */
function write(): void {
  let at = 0;
  const text = readme.replace(/(<!-- (?:transcript|screen):[^>]*-->\n```console\n).*?```/gs, (block, head: string) => {
    const steps = block.startsWith('<!-- transcript') ? transcript : screen;
    const shown = steps.map((step) => {
      step.output = (printed[at++] ?? '').split('\n').filter((line) => line !== '');
      return [`$ ${step.command.replaceAll('\n', '\n> ')}`, ...step.output].join('\n');
    });
    return `${head}${shown.join('\n')}\n\`\`\``;
  });
  fs.writeFileSync(place, text);
}

test('there is a transcript and a screen', () => {
  expect(transcript.length).toBeGreaterThan(7);
  expect(screen).toHaveLength(1);
  expect(printed).toHaveLength(transcript.length + screen.length + 1);
});

test.each([...transcript, ...screen].map((step, at) => ({ step, at, name: step.command })))('$name', ({ step, at }) => {
  expect(steady(printed[at] ?? '')).toBe(steady(step.output.join('\n')));
});
