// Runs of random graphs with triggers under random commands, beside a model that is written from the rules and shares
// no code with the engine: after every command both call the same nodes ready, skipped and dead, and the run the same.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { controlRun } from '../../../src/domain/run/control.ts';
import { TRIGGERS, type Trigger } from '../../../src/graph/trigger.ts';
import { nodeRows } from '../../../src/views/run/runs.ts';
import { okOf, RunRig, work } from '../../run-rig.ts';

interface Shape {
  id: string;
  needs: string[];
  trigger: Trigger;
  n: number;
  handles: boolean;
}
type Stands = 'claimed' | 'finished' | 'failed' | 'by_hand' | 'upstream';
type State = 'good' | 'passed' | 'bad' | 'open';

const ERROR_PATH = ['all_done', 'any_failed', 'all_failed'];

/** The rules, by repeated search instead of one walk in order. */
class Model {
  readonly shapes: Shape[];
  readonly failFast: boolean;
  records = new Map<string, Stands>();

  constructor(shapes: Shape[], failFast: boolean) {
    this.shapes = shapes;
    this.failFast = failFast;
  }

  verdict({ needs, trigger, n }: Shape, state: (id: string) => State): string {
    const ends = needs.map(state);
    const some = (one: State): boolean => ends.includes(one);
    const good = ends.filter((one) => one === 'good').length;
    const wanted = trigger === 'any_success' ? 1 : n;
    if (trigger === 'all_success' || trigger === 'none_failed') {
      if (some('bad')) return 'dead';
      if (some('open')) return 'waits';
      if (trigger === 'all_success') return some('passed') ? 'skip' : 'starts';
      return some('good') ? 'starts' : 'skip';
    }
    if (trigger === 'any_success' || trigger === 'n_of') {
      if (good >= wanted) return 'starts';
      if (good + ends.filter((one) => one === 'open').length >= wanted) return 'waits';
      return some('bad') ? 'dead' : some('open') ? 'waits' : 'skip';
    }
    if (trigger === 'all_failed' && (some('good') || some('passed'))) return 'skip';
    if (some('open')) return 'waits';
    return trigger === 'any_failed' && !some('bad') ? 'skip' : 'starts';
  }

  /** The verdict of each waiting node, found by asking again until nothing changes. */
  verdicts(halted: boolean): Map<string, string> {
    const found = new Map<string, string>();
    const state = (id: string): State => {
      const stands = this.records.get(id);
      if (stands === 'finished' || stands === 'by_hand') return 'good';
      if (stands === 'upstream') return 'passed';
      if (stands === 'failed') return 'bad';
      if (stands === 'claimed') return 'open';
      const verdict = found.get(id);
      return verdict === 'dead' ? 'bad' : verdict === 'skip' ? 'passed' : 'open';
    };
    for (let changed = true; changed; ) {
      changed = false;
      for (const shape of this.shapes) {
        if (this.records.has(shape.id)) continue;
        const stops = halted && !ERROR_PATH.includes(shape.trigger);
        const verdict = stops ? 'dead' : this.verdict(shape, state);
        if (found.get(shape.id) !== verdict) changed = true;
        found.set(shape.id, verdict);
      }
    }
    return found;
  }

  uncaught(): string[] {
    const verdicts = this.verdicts(false);
    const catches = (id: string): boolean =>
      this.shapes.some((one) => {
        if (!one.needs.includes(id)) return false;
        const stands = this.records.get(one.id);
        const canStart = stands === undefined && ['waits', 'starts'].includes(verdicts.get(one.id) ?? '');
        if (one.handles && (canStart || stands === 'claimed' || stands === 'finished')) return true;
        return verdicts.get(one.id) === 'dead' && catches(one.id);
      });
    return this.shapes.filter(({ id }) => this.records.get(id) === 'failed' && !catches(id)).map(({ id }) => id);
  }

  look(): { halted: boolean; verdicts: Map<string, string> } {
    const halted = this.failFast && this.uncaught().length > 0;
    return { halted, verdicts: this.verdicts(halted) };
  }

  settle(): void {
    for (const [id, verdict] of this.look().verdicts) if (verdict === 'skip') this.records.set(id, 'upstream');
  }

  status(): string {
    const { verdicts, halted } = this.look();
    const goesOn = [...this.records.values()].includes('claimed') || [...verdicts.values()].includes('starts');
    if (goesOn) return 'running';
    const dead = [...verdicts].some(([id, one]) => one === 'dead' && this.verdicts(false).get(id) !== 'dead');
    return this.uncaught().length > 0 || (halted && dead) ? 'failed' : 'finished';
  }

  /** Whether a node that needs this one has begun, or somebody has decided on it. */
  hasBegunBehind(id: string): boolean {
    const behind = this.shapes.filter(({ needs }) => needs.includes(id));
    return behind.some((one) => (this.records.get(one.id) ?? 'upstream') !== 'upstream');
  }

  /** Sets a node that had ended, or waited, and takes back what followed from its end. */
  decide(id: string, to: 'by_hand' | undefined): void {
    const before = this.look();
    const unhalted = this.verdicts(false);
    if (to === undefined) this.records.delete(id);
    else this.records.set(id, to);
    // A node to be tried again is open, as a claimed one is.
    if (to === undefined) this.records.set(id, 'claimed');
    const roots = [id];
    if (before.halted && !this.look().halted)
      for (const [one, verdict] of before.verdicts)
        if (verdict === 'dead' && unhalted.get(one) !== 'dead') roots.push(one);
    const behind = new Set(roots);
    for (const one of behind) for (const shape of this.shapes) if (shape.needs.includes(one)) behind.add(shape.id);
    behind.delete(id);
    for (let again = true; again; ) {
      again = false;
      for (const one of behind) {
        const isFree = this.shapes.every((next) => !next.needs.includes(one) || !this.records.has(next.id));
        if (this.records.get(one) !== 'upstream' || !isFree) continue;
        this.records.delete(one);
        again = true;
      }
    }
    this.settle();
  }
}

const shapes: fc.Arbitrary<Shape[]> = fc
  .array(
    fc.record({
      picks: fc.array(fc.nat(), { maxLength: 4 }),
      trigger: fc.constantFrom(...TRIGGERS, 'all_success' as const, 'all_success' as const),
      n: fc.integer({ min: 1, max: 3 }),
      handles: fc.boolean(),
    }),
    { minLength: 2, maxLength: 9 },
  )
  .map((all) =>
    all.map(({ picks, trigger, n, handles }, i) => {
      const needs = i === 0 ? [] : [...new Set(picks.map((pick) => `n${pick % i}`))];
      const own = needs.length === 0 ? ('all_success' as const) : trigger;
      return { id: `n${i}`, needs, trigger: own, n: Math.min(n, needs.length), handles: handles && needs.length > 0 };
    }),
  );

const commands = fc.array(
  fc.record({ act: fc.constantFrom('done', 'done', 'failed', 'failed', 'skip', 'retry'), pick: fc.nat() }),
  { maxLength: 25 },
);

function rigOf(all: Shape[], failFast: boolean): RunRig {
  const nodes = all.map(({ id, needs, trigger, n, handles }) =>
    work(id, needs, {
      ...(trigger === 'all_success' ? {} : { trigger }),
      ...(trigger === 'n_of' ? { n } : {}),
      ...(handles ? { handles } : {}),
    }),
  );
  // A graph without any trigger goes by the older rules.
  nodes.push(work('zz', ['n0'], { trigger: 'all_done' }));
  return new RunRig(nodes, { on_failure: failFast ? 'fail_fast' : 'continue' });
}

/** What both must agree on. */
function pictureOf(rig: RunRig): object {
  const run = rig.document();
  const rows = nodeRows(rig.tree({ ...run, status: 'running' }), rig.clock.now);
  const stands = rows.map(({ node, status }) => {
    const why = run.nodes[node]?.why;
    return [node, status === 'skipped' ? (why ?? '') : status];
  });
  return { status: run.status, ...Object.fromEntries(stands) };
}

function modelPicture(model: Model): object {
  const { verdicts } = model.look();
  const words: Record<string, string> = { starts: 'ready', waits: 'waiting', dead: 'dead' };
  const stands = model.shapes.map(({ id }) => [id, model.records.get(id) ?? words[verdicts.get(id) ?? '']]);
  return { status: model.status(), ...Object.fromEntries(stands) };
}

async function finish(rig: RunRig, id: string, done: boolean): Promise<void> {
  const claim = await rig.claimed({ node: id });
  const failed = { errorKind: 'terminal' } as const;
  okOf(await (done ? rig.report(claim, 'done') : rig.report(claim, 'failed', failed)));
}

async function control(rig: RunRig, action: 'skip_node' | 'retry_node', node: string): Promise<boolean> {
  return (await rig.do((tx, ctx) => controlRun(tx, ctx, { run: rig.run, action, node }))).ok;
}

test('property: the engine and the model agree after every command', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.boolean(), commands, async (all, failFast, acts) => {
      const rig = rigOf(all, failFast);
      const extra: Shape = { id: 'zz', needs: ['n0'], trigger: 'all_done', n: 0, handles: false };
      const model = new Model([...all, extra], failFast);
      await rig.start();
      model.settle();
      expect(pictureOf(rig)).toEqual(modelPicture(model));
      for (const { act, pick } of acts) {
        const { verdicts } = model.look();
        const of = (fits: (id: string) => boolean): string | undefined => {
          const found = model.shapes.map(({ id }) => id).filter(fits);
          return found[pick % Math.max(1, found.length)];
        };
        const over = model.status() === 'finished';
        if (act === 'done' || act === 'failed') {
          const id = of((one) => verdicts.get(one) === 'starts');
          if (id === undefined || over) continue;
          await finish(rig, id, act === 'done');
          model.records.set(id, act === 'done' ? 'finished' : 'failed');
          model.settle();
        } else if (act === 'skip') {
          const id = of((one) => !model.records.has(one) || model.records.get(one) === 'failed');
          if (id === undefined || over) continue;
          expect(await control(rig, 'skip_node', id)).toBe(true);
          model.decide(id, 'by_hand');
        } else {
          const id = of((one) => ['failed', 'by_hand', 'upstream'].includes(model.records.get(one) ?? ''));
          if (id === undefined || over) continue;
          const rests = model.records.get(id) !== 'failed' && model.hasBegunBehind(id);
          expect(await control(rig, 'retry_node', id)).toBe(!rests);
          if (rests) continue;
          model.decide(id, undefined);
          // Tried at once, so that the model needs no state between.
          const { status } = rig.document();
          if (status === 'running' && rig.node(id)?.status === 'retrying') {
            const claim = await rig.claimed({ node: id }).catch(() => undefined);
            if (claim === undefined) return;
            const done = pick % 2 === 0;
            okOf(await rig.report(claim, done ? 'done' : 'failed', done ? {} : { errorKind: 'terminal' }));
            model.records.set(id, done ? 'finished' : 'failed');
            model.settle();
          } else return;
        }
        expect(pictureOf(rig)).toEqual(modelPicture(model));
      }
    }),
    { numRuns: 400 },
  );
});
