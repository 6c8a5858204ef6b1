// The rules of the log under thousands of random schedules of processes, tears, seals, crashes and power losses, on the
// real fold and the real lines. MODEL_RUNS=n MODEL_SEED=s for longer or repeated runs; a failure names its seed.

import { describe, expect, it } from 'vitest';
import type { EncodedCommit } from '../../src/store/commit.ts';
import { ALL_RULES, type Answer, Process, type Rules, type Wish, World } from './model-world.ts';
import { randomFrom } from './random.ts';

const RUNS = Number(process.env.MODEL_RUNS ?? 2_500);
const SEED = Number(process.env.MODEL_SEED ?? 1_000_003);
const STREAMS = ['task/a', 'task/b', 'task/c'];
const REQUESTS = ['request/1', 'request/2', 'request/3', 'request/4', 'request/5', 'request/6'];

/** A command under way in a process: written, perhaps folded, not yet answered. */
interface Pending {
  wish: Wish;
  commit: EncodedCommit;
}

interface Actor {
  process: Process;
  pending: Pending[];
  alsoExpect: Set<string>;
  /** Decided, and not written yet: others may write between. */
  decided: Pending | undefined;
  seal: (() => void) | undefined;
}

class Run {
  private world = new World();
  private readonly actors: (Actor | undefined)[] = [undefined, undefined, undefined];
  private readonly answers: Answer[] = [];
  /** Seqs that some answer (a read, a refusal, a repeat) rested on, with the chain there. */
  private readonly relied: [seq: number, chain: string][] = [];
  private readonly random: () => number;
  private readonly rules: Rules;

  constructor(seed: number, rules: Rules) {
    this.random = randomFrom(seed);
    this.rules = rules;
  }

  go(steps: number): string | undefined {
    for (let step = 0; step < steps; step += 1) {
      this.world.time += Math.floor(this.random() * 3_600_000 * (this.random() < 0.05 ? 100 : 1));
      this.step(Math.floor(this.random() * this.actors.length));
      const wrong = this.random() < 0.15 ? this.judge(this.world.powerLoss(this.random)) : undefined;
      if (wrong !== undefined) return `step ${step}, after a power loss: ${wrong}`;
      if (this.random() < 0.01) {
        this.world = this.world.powerLoss(this.random);
        this.actors.fill(undefined);
      }
    }
    return this.judge(this.world);
  }

  private step(index: number): void {
    const actor = this.actors[index];
    if (actor === undefined) {
      const process = new Process(this.world, this.rules);
      this.actors[index] = { process, pending: [], alsoExpect: new Set(), decided: undefined, seal: undefined };
      return;
    }
    const kind = this.random();
    if (kind < 0.4) this.write(index, actor);
    else if (kind < 0.7) this.answer(actor);
    else if (kind < 0.8) this.read(actor);
    else if (kind < 0.84) actor.process.tail();
    else if (kind < 0.87) actor.process.beginSync(false);
    else if (kind < 0.9) actor.process.endSync();
    else if (kind < 0.97) this.seal(actor);
    else this.actors[index] = undefined;
  }

  /** Tail, decide, write, read back. Others may write between, and the process may die within the write. */
  private write(index: number, actor: Actor, alone = false): void {
    const { process } = actor;
    if (actor.decided === undefined) {
      process.tail();
      if (process.damage !== undefined || actor.pending.length > 4) return;
      const wish = this.wish();
      const commit = process.decide(wish, actor.alsoExpect);
      if (commit === undefined) this.rely(actor);
      else actor.decided = { wish, commit };
      if (commit === undefined || this.random() < 0.4) return;
    }
    const { decided } = actor;
    actor.decided = undefined;
    if (decided === undefined) return;
    const { wish, commit } = decided;
    const torn = this.random() < 0.08 ? Math.floor(this.random() * (commit.sizeBytes + 2)) : undefined;
    const taken = process.write([commit], torn);
    if (torn !== undefined) {
      this.actors[index] = undefined;
      return;
    }
    // A calm writer syncs before it reads back. Somebody may write between, calm or not.
    const early = !process.isSyncing() && this.random() < 0.5;
    if (early) process.beginSync(true);
    const next = (index + 1) % this.actors.length;
    const other = alone || this.random() < 0.7 ? undefined : this.actors[next];
    if (other !== undefined) this.write(next, other, true);
    process.readBack(taken, early);
    const won = process.seqOf(commit.commit.id) > 0;
    if (won || !this.rules.readBack) actor.pending.push(decided);
    else for (const stream of wish.streams) actor.alsoExpect.add(stream);
  }

  private wish(): Wish {
    const streams = STREAMS.filter(() => this.random() < 0.5);
    const request = REQUESTS[Math.floor(this.random() * REQUESTS.length)] ?? 'request/1';
    return { streams: streams.length === 0 ? ['task/a'] : streams, request };
  }

  private answer(actor: Actor): void {
    if (this.rules.syncBeforeAnswer) actor.process.flush();
    for (const { wish, commit } of actor.pending.splice(0)) {
      this.answers.push({ request: wish.request, id: commit.commit.id, seq: actor.process.seqOf(commit.commit.id) });
    }
    actor.alsoExpect.clear();
  }

  private read(actor: Actor): void {
    actor.process.tail();
    this.rely(actor);
  }

  private rely({ process }: Actor): void {
    if (this.rules.syncBeforeAnswer) process.flush();
    this.relied.push([process.fold.seq, process.fold.chain]);
  }

  /** Computes a seal, or writes one that was computed before: then others may have written between. */
  private seal(actor: Actor): void {
    if (actor.process.damage !== undefined) return;
    // Sealing follows too, and then what was decided is written to the next file, on the state before: void, as it must
    // be.
    if (actor.seal === undefined) actor.seal = actor.process.seal();
    else {
      actor.seal();
      actor.seal = undefined;
    }
    if (this.random() < 0.5) {
      actor.seal?.();
      actor.seal = undefined;
    }
    actor.process.tail();
  }

  /** The promises, as whoever opens the store on these bytes would find them. */
  private judge(world: World): string | undefined {
    const fresh = new Process(copyOf(world), ALL_RULES);
    if (fresh.damage !== undefined) return `false damage: ${fresh.damage}`;
    for (const { id, seq } of this.answers) {
      if (fresh.history[seq - 1] !== id) return `the answered ${id} is not at seq ${seq}`;
    }
    const ids = fresh.history.filter((id) => id !== '');
    if (new Set(ids).size !== ids.length) return 'a commit counts twice';
    for (const [seq, chain] of this.relied) {
      if (fresh.fold.chainAt(seq) !== chain) return `an answer rested on seq ${seq}, which is gone or another`;
    }
    const stray = [...world.segments].find(([first, { bytes }]) => bytes.length > 0 && !fresh.fold.chainAt(first - 1));
    if (stray !== undefined && stray[0] !== 1) return `segment ${stray[0]} is unread`;
    for (const actor of this.actors) {
      if (actor?.process.damage !== undefined) return `false damage while running: ${actor.process.damage}`;
    }
    return undefined;
  }
}

function copyOf(world: World): World {
  const copy = new World();
  copy.time = world.time;
  for (const [first, file] of world.segments) copy.segments.set(first, { ...file });
  return copy;
}

function firstViolation(runs: number, rules: Rules): string | undefined {
  for (let run = 0; run < runs; run += 1) {
    const seed = SEED + run * 7_919;
    const wrong = new Run(seed, rules).go(40);
    if (wrong !== undefined) return `MODEL_SEED=${seed} MODEL_RUNS=1: ${wrong}`;
  }
  return undefined;
}

describe('the rules of the log', () => {
  it('hold under random schedules, tears, seals, crashes and power losses', { timeout: 3_600_000 }, () => {
    expect(firstViolation(RUNS, ALL_RULES)).toBeUndefined();
  });

  // A model that finds nothing without a rule proves nothing with it.
  it.each<keyof Rules>(['syncBeforeAnswer', 'syncBeforeFollow', 'durableSeen', 'readBack', 'vouchBefore', 'vouchCalm'])(
    'do not hold without %s',
    { timeout: 120_000 },
    (rule) => {
      expect(firstViolation(4_000, { ...ALL_RULES, [rule]: false })).toMatch(/MODEL_SEED/);
    },
  );
});
