// A store with runs and nodes in every status keeps its meaning: its documents, and the answers to calls that go on
// with it. The answers are those of the build that made the store. A changed answer is edited in golden/runs by hand:
// recorded anew, the file would say whatever the present code says.

import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, inject, it } from 'vitest';
import { type Answers, continueLater, continueSoon } from './golden-continued.ts';
import { GOLDEN_RUNS, goldenCopy, type Place } from './golden-servers.ts';

const RUN_STATUSES = ['cancelled', 'failed', 'finished', 'paused', 'running', 'stuck'];
const NODE_STATUSES = ['cancelled', 'claimed', 'failed', 'finished', 'needs_decision', 'retrying', 'skipped'];
const CALLS_MS = 90_000;

const places: Place[] = [];
afterEach(async () => {
  for (const place of places.splice(0)) await place.remove();
});

interface Line {
  stream: string;
  seq: number;
  version: number;
  head: string;
  document: { status: string; nodes: Record<string, { status: string }> };
}

function copy(): Place {
  const { place } = goldenCopy(inject('program'));
  places.push(place);
  return place;
}

function linesOf(text: string): Line[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function recorded(file: string): string {
  return fs.readFileSync(path.join(GOLDEN_RUNS, file), 'utf8');
}

it('every status of a run and of a node is in it', () => {
  const runs = linesOf(recorded('documents.jsonl')).filter(({ stream }) => stream.startsWith('run/'));
  const nodes = runs.flatMap(({ document }) => Object.values(document.nodes));
  expect([...new Set(runs.map(({ document }) => document.status))].sort()).toEqual(RUN_STATUSES);
  expect([...new Set(nodes.map(({ status }) => status))].sort()).toEqual(NODE_STATUSES);
});

it('every document folds to what it was, byte for byte', () => {
  const now = linesOf(copy().verb('export', '--documents'));
  const then = linesOf(recorded('documents.jsonl'));
  expect(now.map(({ stream }) => stream)).toEqual(then.map(({ stream }) => stream));
  for (const [i, { stream, seq, version, head, document }] of then.entries()) {
    expect(JSON.stringify(now[i]?.document), stream).toBe(JSON.stringify(document));
    expect(now[i], stream).toMatchObject({ seq, version, head });
  }
});

it('is sound to doctor', () => {
  expect(copy().doctor()).toEqual({ sound: true, findings: [] });
});

it('a minute later every call is answered as it was: claims hold, late results are late', { timeout: CALLS_MS }, () =>
  expectAnswers(continueSoon, 'soon.expected.json'),
);

it('hours and a month later too, and everything comes to its end', { timeout: CALLS_MS }, async () => {
  const answers = await expectAnswers(continueLater, 'later.expected.json');
  const { runs } = answers['at the end: runs'] as { runs: { status: string }[] };
  expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['finished', 'cancelled']));
  const { rows } = answers['at the end: tasks'] as { rows: { sprint?: string; status: string }[] };
  const inSprint = rows.filter(({ sprint }) => sprint !== undefined).map(({ status }) => status);
  expect(new Set(inSprint)).toEqual(new Set(['done', 'cancelled']));
});

/** The answers to a script's calls, each under its label: the first that differs names the call. */
async function expectAnswers(script: (program: string) => Promise<Answers>, file: string): Promise<Answers> {
  const then: Answers = JSON.parse(recorded(file));
  const now = await script(inject('program'));
  for (const [label, answer] of Object.entries(then)) expect(now[label], label).toEqual(answer);
  expect(Object.keys(now)).toEqual(Object.keys(then));
  return now;
}
