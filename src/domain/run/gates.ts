// The gates of a node: what its reported work must pass before the node counts as done. Called by accept.ts and
// settle.ts.
//
//   report ──► gating: pure gates, at once ──► servers ──► agents ──► persons ──► endWork
//                 a stage is over, and a gate has failed ──► failTry with all that was found
//                 a gate is in error ──► its node waits for a decision: neither a pass nor a failed try

import { isDeepStrictEqual } from 'node:util';
import type { Stage } from '../../graph/gates/define.ts';
import { type AnyGate, gateKinds, gatesIn, stageAfter } from '../../graph/gates/index.ts';
import type { Json } from '../../json/json.ts';
import { formatPointer } from '../../json/pointer.ts';
import { MAX_FULL_ID } from './begin.ts';
import { clearScope } from './begin-again.ts';
import { cancelBelow } from './cancel.ts';
import { runStream, type ScopeRecord } from './document.ts';
import { failTry } from './fail-try.ts';
import { exitCodeOf, judgesOf } from './judge.ts';
import { type Draft, heldBy, type NodeRecord, type RecordOf, type Verdict } from './record.ts';
import { endWork } from './repeat.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';
import { type Place, prefixOf, type RunTree } from './tree.ts';

/** Judges that do not judge any more. */
const OVER: ReadonlySet<NodeRecord['status']> = new Set(['finished', 'failed', 'skipped', 'cancelled']);
const SERVER = { grade: 'server' as const, by: 'server' };
/** Characters of what one gate found. */
const MAX_FINDING = 4_000;

/** Takes work that was reported done to its gates. */
export function openGates(scope: RunScope, place: Place, next: Draft<'finished'>, output: Json): void {
  const { outside: _, reused_from: __, question: ___, ...kept } = next;
  clearScope(scope, place.id);
  const bound = { attempt: kept.attempt, fence: kept.fence, at: scope.ctx.now };
  const verdicts = gatesIn(place.node, 'pure').map((gate): Verdict => {
    const found = gateKinds.get(gate.kind)?.judge?.(gate, { output, evidence: kept.evidence ?? null });
    const base = { gate: gate.id, ...SERVER, ...bound };
    return found === undefined ? { ...base, status: 'passed' } : { ...base, status: 'failed', findings: found };
  });
  transition(scope, place.id, { ...kept, findings: undefined, status: 'gating', verdicts }, 'node.gating');
  goOn(scope, place, 'pure', verdicts);
}

/** Judges what the nodes of gates have brought. True if anything changed. */
export function settleGates(scope: RunScope): boolean {
  let changed = false;
  for (const { record } of scope.tree().open()) {
    const place = record?.kind === 'gates' ? scope.place(record.of) : undefined;
    if (place !== undefined && judgeStage(scope, place)) changed = true;
  }
  return changed;
}

function judgeStage(scope: RunScope, place: Place): boolean {
  const tree = scope.tree();
  const within = tree.within(place.id);
  const node = scope.record(place.id);
  const stage = within?.record?.stage;
  if (within === undefined || stage === undefined || node?.status !== 'gating') return false;
  const gates = gatesIn(place.node, stage);
  const found = gates.map((gate) => verdictOf(scope, gate, within.prefix, node));
  let changed = false;
  for (const [i, gate] of gates.entries()) {
    const isOver = found[i] !== undefined && found[i]?.status !== 'error';
    if (isOver && withdraw(scope, judgesOf(gate, within.prefix))) changed = true;
  }
  const names = new Set(gates.map(({ id }) => id));
  const verdicts = [
    ...(node.verdicts ?? []).filter(({ gate }) => !names.has(gate)),
    ...found.flatMap((one) => one ?? []),
  ];
  if (!isDeepStrictEqual(verdicts, node.verdicts ?? [])) {
    transition(scope, place.id, { ...node, verdicts }, 'node.judged');
    changed = true;
  }
  if (found.some((one) => one === undefined || one.status === 'error')) return changed;
  goOn(scope, place, stage, verdicts);
  return true;
}

/** Ends a stage whose gates are all decided. */
function goOn(scope: RunScope, place: Place, stage: Stage, verdicts: readonly Verdict[]): void {
  const failed = verdicts.filter(({ status }) => status === 'failed');
  const next = stageAfter(place.node, stage);
  if (failed.length > 0) failWork(scope, place, failed);
  else if (next === undefined) passWork(scope, place);
  else openStage(scope, place, next);
}

function failWork(scope: RunScope, { id }: Place, failed: readonly Verdict[]): void {
  const node = scope.record(id);
  const { output, output_blob, output_bytes, evidence, tokens, cost_usd } = node ?? {};
  cancelBelow(scope, prefixOf('gates', id));
  const findings = failed.map(({ gate, findings: found = '' }) => ({ gate, findings: found }));
  const message = findings.map(({ gate, findings: found }) => `${gate}: ${found}`).join('; ');
  const brought = { output, output_blob, output_bytes, evidence, tokens, cost_usd, findings };
  failTry(scope, id, { kind: 'gate', message, brought });
}

function passWork(scope: RunScope, place: Place): void {
  const node = scope.record(place.id);
  if (node?.status !== 'gating') return;
  cancelBelow(scope, prefixOf('gates', place.id));
  const next: Draft<'finished'> = { ...node, status: 'finished', ended_at: scope.ctx.now };
  const { output, output_blob } = node;
  endWork(scope, place, next, () => (output_blob === undefined ? output : scope.ctx.stored(output_blob)));
}

/** Lets the nodes of a stage begin. */
function openStage(scope: RunScope, { id, node }: Place, stage: Stage): void {
  const { tx, run, ctx } = scope;
  const prefix = prefixOf('gates', id);
  const judges = gatesIn(node, stage).flatMap((gate) => judgesOf(gate, prefix));
  if (judges.some((one) => one.length > MAX_FULL_ID)) {
    const message = `ids of its gates would be longer than ${MAX_FULL_ID} characters`;
    failTry(scope, id, { kind: 'terminal', message });
    return;
  }
  const { fence } = run.nodes[id] ?? {};
  const before = run.scopes?.[prefix];
  const record: ScopeRecord = {
    ...(before ?? { of: id, kind: 'gates', counters: {} }),
    stage,
    fence: fence ?? 0,
    since: ctx.now,
  };
  const ops = run.scopes === undefined ? [{ op: 'add' as const, path: '/scopes', value: {} }] : [];
  const value = structuredClone(record) as unknown as Json;
  const added = { op: 'add' as const, path: formatPointer(['scopes', prefix]), value };
  tx.patch(runStream(run.id), { type: 'gates.opened', data: { scope: prefix, stage } }, [...ops, added]);
  scope.scopesChanged();
}

/** How a gate stands; undefined while it is open. */
function verdictOf(
  scope: RunScope,
  gate: AnyGate,
  prefix: string,
  work: Readonly<RecordOf<'gating'>>,
): Verdict | undefined {
  const judges = judgesOf(gate, prefix).map((id) => scope.record(id));
  const count = (status: NodeRecord['status']): number => judges.filter((one) => one?.status === status).length;
  const wanted = gate.kind === 'review' ? (gate.k ?? judges.length) : 1;
  const out = judges.filter((one) => one?.status === 'failed' || one?.status === 'cancelled');
  const waived = judges.find((one) => one?.status === 'skipped');
  if (waived !== undefined) return verdict('waived', work, gate, [waived]);
  const passed = judges.filter((one) => one?.status === 'finished');
  if (passed.length >= wanted) return verdict('passed', work, gate, passed);
  if (judges.length - out.length < wanted) return verdict('failed', work, gate, out);
  const undecided = judges.filter((one) => one?.status === 'needs_decision');
  // Whoever is still at work may decide it without those.
  if (undecided.length === 0 || passed.length + out.length + count('needs_decision') < judges.length) return undefined;
  return verdict('error', work, gate, undecided);
}

function verdict(
  status: Verdict['status'],
  work: Readonly<RecordOf<'gating'>>,
  gate: AnyGate,
  judges: readonly (Readonly<NodeRecord> | undefined)[],
): Verdict {
  const found = judges.flatMap((one) => (status === 'waived' ? one?.summary : one?.error?.message) ?? []).join('; ');
  const exit_code = gate.kind === 'command' ? exitCodeOf(judges[0]?.output) : undefined;
  return {
    gate: gate.id,
    status,
    ...authority(gate, judges),
    at: Math.max(0, ...judges.map((one) => one?.ended_at ?? one?.started_at ?? 0)),
    attempt: work.attempt,
    fence: work.fence,
    ...(exit_code === undefined ? {} : { exit_code }),
    ...(found === '' ? {} : { findings: found.slice(0, MAX_FINDING) }),
  };
}

/** Who has judged, and how far that is proven. */
function authority(
  { kind }: AnyGate,
  judges: readonly (Readonly<NodeRecord> | undefined)[],
): Pick<Verdict, 'grade' | 'by'> {
  const waived = judges[0]?.waived;
  if (waived !== undefined) return waived;
  if (kind === 'command') return SERVER;
  const answers = judges.flatMap((one) => one?.question?.answers ?? []);
  const by = [...judges.flatMap((one) => one?.agent ?? []), ...answers.map((answer) => answer.by)].join(', ');
  const isPerson = answers.length > 0 && answers.every(({ grade }) => grade === 'person');
  return { grade: isPerson ? 'person' : 'claimed', by };
}

/** Ends the judges that a decided gate does not need any more. True if there were any. */
function withdraw(scope: RunScope, judges: readonly string[]): boolean {
  let withdrawn = false;
  for (const id of judges) {
    const node = scope.record(id);
    if (node !== undefined && OVER.has(node.status)) continue;
    withdrawn = true;
    const next = { ...heldBy(node), status: 'cancelled' as const };
    transition(scope, id, { ...next, ended_at: scope.ctx.now }, 'node.cancelled');
  }
  return withdrawn;
}

/** Whether the gates of a node still are those of its last work: after a later try they judge nothing. */
export function isCurrent(tree: RunTree, work: string): boolean {
  return tree.within(work)?.record?.fence === tree.run.nodes[work]?.fence;
}
