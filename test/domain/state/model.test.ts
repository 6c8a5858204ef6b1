// Random work by two processes on one log, against models that are too simple to be wrong.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Documents } from '../../../src/documents/documents.ts';
import { expireSession, updateSession } from '../../../src/domain/session/commands.ts';
import {
  illegalTransition,
  type SessionDocument,
  type SessionStatus,
  sessionStream,
} from '../../../src/domain/session/document.ts';
import { acceptHandoff, offerHandoff } from '../../../src/domain/session/handoff.ts';
import { changeState, type StateOperation } from '../../../src/domain/state/commands.ts';
import { ok } from '../../../src/failure/failure.ts';
import { isObject, type Json, type JsonObject } from '../../../src/json/json.ts';
import { printPath } from '../../../src/path/scan.ts';
import { json, KEYS } from '../../json/arbitraries.ts';
import { Rig } from '../../rig.ts';

const tokens = fc.array(fc.constantFrom(...KEYS.slice(0, 10)), { minLength: 1, maxLength: 3 });

type Step = { op: 'set' | 'merge' | 'delete'; tokens: string[]; value: Json; process: number };
const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom('set', 'merge', 'delete'),
  tokens,
  value: json,
  process: fc.nat(1),
});

function toOperation({ op, tokens: at, value }: Step): StateOperation {
  const path = printPath(at);
  return op === 'delete' ? { op, path } : { op, path, value: structuredClone(value) };
}

/** What a step makes of a value; undefined where it does not apply. */
function model(value: Json | undefined, { op, tokens: [first, ...rest], value: given }: Step): Json | undefined {
  if (first === undefined) return op === 'merge' ? merged(value, given) : structuredClone(given);
  const inner = { op, tokens: rest, value: given, process: 0 };
  if (Array.isArray(value)) {
    const index = /^(0|[1-9]\d*)$/.test(first) ? Number(first) : -1;
    if (index < 0 || index > value.length || (op === 'delete' && index === value.length)) return undefined;
    if (op === 'delete' && rest.length === 0) return value.filter((_, at) => at !== index);
    const child = model(value[index], inner);
    return child === undefined ? undefined : Object.assign([...value], { [index]: child });
  }
  if (value !== undefined && !isObject(value)) return undefined;
  const held = value !== undefined && Object.hasOwn(value, first) ? value[first] : undefined;
  if (op === 'delete') {
    if (held === undefined) return undefined;
    const { [first]: _, ...others } = value ?? {};
    if (rest.length === 0) return others;
  }
  const child = model(held, inner);
  return child === undefined ? undefined : { ...value, [first]: child };
}

function merged(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return structuredClone(patch);
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

const stateOf = (at: Documents, id: string): Promise<JsonObject> =>
  at.read((view) => {
    const {
      session: _,
      schema: __,
      execution: ___,
      ...state
    } = structuredClone(view.get<JsonObject>(sessionStream(id))) ?? {};
    return state;
  });

test('one after the other: the document is the model after every step', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const rig = new Rig();
      const both = [rig.documents, rig.process()];
      const id = await rig.session();
      let expected: Json = {};
      for (const one of steps) {
        const operation = toOperation(one);
        await both[one.process]?.change((tx, ctx) => changeState(tx, ctx, id, operation), {
          by: { user: 'u', tool: 't' },
        });
        expected = model(expected, one) ?? expected;
        for (const at of both) expect(await stateOf(at, id)).toEqual(expected);
      }
    }),
    { numRuns: 150 },
  );
});

test('at once: the document is what the model makes of the accepted steps in the log’s order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { maxLength: 4 }), async (waves) => {
      const rig = new Rig();
      const both = [rig.documents, rig.process()];
      const id = await rig.session();
      const accepted: { seq: number; one: Step }[] = [];
      for (const wave of waves) {
        const work = wave.map(async (one) => {
          const operation = toOperation(one);
          const result = await both[one.process]?.change((tx, ctx) => changeState(tx, ctx, id, operation), {
            by: { user: 'u', tool: 't' },
          });
          if (result?.ok && result.value.changed) accepted.push({ seq: result.value.seq, one });
        });
        await Promise.all(work);
      }
      accepted.sort((a, b) => a.seq - b.seq);
      const expected = accepted.reduce<Json>((doc, { one }) => model(doc, one) ?? doc, {});
      for (const at of [...both, rig.process()]) expect(await stateOf(at, id)).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});

test('a request takes effect once, however often and wherever it is repeated, and always answers the same', async () => {
  const call = fc.record({ request: fc.constantFrom('r1', 'r2', 'r3', 'r4'), process: fc.nat(2) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(call, { minLength: 1, maxLength: 5 }), { maxLength: 5 }), async (waves) => {
      const rig = new Rig();
      const id = await rig.session();
      const processes = [rig.documents, rig.process(), rig.process()];
      await rig.do((tx, ctx) => changeState(tx, ctx, id, { op: 'set', path: '$.count', value: 0 }));
      const answers = new Map<string, unknown[]>();
      for (const wave of waves) {
        const work = wave.map(async ({ request, process }) => {
          const by = { user: 'u', tool: 't', session: id };
          const at = processes[process] ?? rig.documents;
          const { value } = await rig.do(
            (tx) => {
              const count = Number(tx.read<{ count: number } & JsonObject>(sessionStream(id))?.count) + 1;
              tx.patch(sessionStream(id), { type: 'test.counted' }, [{ op: 'replace', path: '/count', value: count }]);
              return ok({ count });
            },
            { by, request: { id: request, arguments: { b: 1, a: 2 } }, at },
          );
          answers.set(request, [...(answers.get(request) ?? []), value.count]);
        });
        await Promise.all(work);
      }
      expect(await stateOf(rig.documents, id)).toEqual({ count: answers.size });
      for (const given of answers.values()) expect(new Set(given).size).toBe(1);
      expect(new Set([...answers.values()].map(([first]) => first)).size).toBe(answers.size);
    }),
    { numRuns: 100 },
  );
});

type Life = {
  what: 'active' | 'paused' | 'completed' | 'offer' | 'accept' | 'expire' | 'wait';
  session: number;
  other: number;
};
const life: fc.Arbitrary<Life> = fc.record({
  what: fc.constantFrom('active', 'paused', 'completed', 'offer', 'accept', 'accept', 'expire', 'wait'),
  session: fc.nat(2),
  other: fc.nat(2),
});

test('whatever is tried: every change of status is legal, and every offer is taken at most once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(life, { minLength: 1, maxLength: 4 }), { maxLength: 12 }), async (waves) => {
      const rig = new Rig();
      const both = [rig.documents, rig.process()];
      const ids = [await rig.session(), await rig.session(), await rig.session({ mode: 'config' })];
      const offers: string[] = [];
      for (const wave of waves)
        await Promise.all(wave.map((one, at) => live(rig, both[at % 2] ?? rig.documents, ids, offers, one)));
      await holdsForLog(rig, ids);
    }),
    { numRuns: 100 },
  );
});

async function live(
  rig: Rig,
  at: Documents,
  ids: string[],
  offers: string[],
  { what, session, other }: Life,
): Promise<void> {
  const [id = '', to = ''] = [ids[session], ids[other]];
  const by = { user: 'u', tool: 't' };
  if (what === 'wait') rig.now += 40 * 60_000;
  else if (what === 'expire') await at.change((tx, ctx) => expireSession(tx, ctx, id), { by });
  else if (what === 'offer') {
    const input = {
      session: id,
      to: session === other ? 'new' : to,
      summary: 's',
      nextSteps: [],
      decisions: [],
      claims: 'all',
    } as const;
    const made = await at.change((tx, ctx) => offerHandoff(tx, ctx, { ...input, nextSteps: [], decisions: [] }), {
      by,
    });
    if (made.ok) offers.push(made.value.value.id);
  } else if (what === 'accept') {
    const offer = offers[(session + other) % Math.max(1, offers.length)] ?? 'none';
    await at.change((tx, ctx) => acceptHandoff(tx, ctx, to, offer), { by });
  } else await at.change((tx, ctx) => updateSession(tx, ctx, { session: id, status: what }), { by });
}

async function holdsForLog(rig: Rig, ids: string[]): Promise<void> {
  const statuses = new Map<string, SessionStatus>(ids.map((id) => [sessionStream(id), 'active']));
  const takers = new Map<string, number>();
  for (const { commit } of await rig.documents.store.readAll(0, 1_000)) {
    for (const { stream, type, patch, data } of commit.events) {
      if (type === 'handoff.accepted')
        takers.set(String(data?.['handoff']), (takers.get(String(data?.['handoff'])) ?? 0) + 1);
      for (const op of patch) {
        if (op.path !== '/session/status' || op.op === 'remove') continue;
        const [from, to] = [statuses.get(stream) ?? 'active', op.value as SessionStatus];
        const legal =
          to === 'expired' ? from === 'active' || from === 'paused' : illegalTransition(from, to) === undefined;
        expect(legal, `${from} → ${to}`).toBe(true);
        statuses.set(stream, to);
      }
    }
  }
  expect([...takers.values()].every((count) => count === 1)).toBe(true);
  for (const id of ids) {
    const doc = await rig.doc<SessionDocument>(sessionStream(id));
    const accepted = doc?.session.handoffs.filter(({ state }) => state === 'accepted') ?? [];
    expect(accepted.length).toBeLessThanOrEqual(1);
    if (accepted.length > 0) expect(['completed', 'expired']).toContain(doc?.session.status);
  }
}
