// Ends the nodes whose scopes have ended: a sub-graph as its nodes ended, a map by what it asks of its items. Called by
// settle.ts.

import { scopeOutcome } from '../../graph/ready/outcome.ts';
import type { Json } from '../../json/json.ts';
import { cancelBelow, closeBelow } from './cancel.ts';
import { scopeOutput } from './given.ts';
import { readerOf } from './reader.ts';
import { carriedOver } from './record.ts';
import { endWork } from './repeat.ts';
import type { RunScope } from './scope.ts';
import { transition } from './transition.ts';
import { type Place, type RunTree, type Scope, wantedOf } from './tree.ts';

/** Names of failed nodes in a message. */
const MAX_NAMES = 5;

type Ended = 'finished' | 'failed';

/** Ends every node whose scope has ended, inner ones first. True if there was any. */
export function closeEnded(scope: RunScope): boolean {
  let tree = scope.tree();
  const inner = tree.open().filter(({ parent, record }) => parent !== undefined && record?.kind !== 'gates');
  let closed = false;
  for (const { prefix } of inner.reverse()) {
    const one = tree.scope(prefix);
    const opener = tree.place(one.record?.of ?? '');
    const ended = opener === undefined ? undefined : endOf(tree, one, opener);
    if (opener === undefined || ended === undefined) continue;
    close(scope, tree, one, opener, ended);
    tree = scope.tree();
    closed = true;
  }
  return closed;
}

/** How a scope has ended; undefined while it goes on. */
function endOf(tree: RunTree, one: Scope, { node }: Place): Ended | undefined {
  const surveyed = tree.surveyOf(one);
  const outcome = surveyed === undefined ? 'open' : scopeOutcome(surveyed);
  const { finished = 0, skipped = 0 } = one.record?.counters ?? {};
  if (one.record?.kind !== 'map') return outcome === 'open' ? undefined : outcome;
  // Nothing was asked of anybody.
  if (one.prepared.ids.length === 0) return 'finished';
  const partial = node.map?.partial ?? 'all';
  if (partial === 'first_success') {
    if (finished > 0) return 'finished';
    return outcome === 'open' ? undefined : 'failed';
  }
  if (outcome === 'open') return undefined;
  if (surveyed !== undefined && surveyed.deadByHalt.length > 0) return 'failed';
  if (partial === 'all') return outcome;
  const wanted = wantedOf(node);
  return wanted === undefined || finished + skipped >= wanted ? 'finished' : 'failed';
}

function close(scope: RunScope, tree: RunTree, one: Scope, opener: Place, ended: Ended): void {
  // What still goes on has lost: its claims are fenced before anybody is told.
  cancelBelow(scope, one.prefix);
  closeBelow(scope, one.prefix);
  const before = scope.record(opener.id);
  const { attempt = 1, fence = 0, started_at } = before ?? {};
  const summary = summaryOf(scope, one);
  const next = { ...carriedOver(before), attempt, fence, started_at, ended_at: scope.ctx.now, summary };
  if (ended === 'finished') {
    const output = (): Json => scopeOutput(scope.tree(), one, readerOf(scope.ctx));
    endWork(scope, opener, { ...next, error: undefined, status: ended }, output);
  } else {
    const error = { kind: 'inside', message: failuresIn(scope, tree, one) };
    transition(scope, opener.id, { ...next, status: ended, error }, 'node.failed');
  }
}

function summaryOf({ run }: RunScope, { prefix, prepared, record }: Scope): string {
  const { finished = 0 } = run.scopes?.[prefix]?.counters ?? {};
  return `${finished} of ${prepared.ids.length} ${record?.kind === 'map' ? 'items' : 'nodes'} finished`;
}

function failuresIn({ run }: RunScope, tree: RunTree, one: Scope): string {
  const { prefix, prepared } = one;
  const failed = (tree.surveyOf(one)?.uncaught ?? []).map((index) => prepared.ids[index] ?? '');
  const [first = ''] = failed;
  const why = run.nodes[first]?.error?.message;
  const names = failed.slice(0, MAX_NAMES).map((id) => id.slice(prefix.length));
  const more = failed.length > MAX_NAMES ? ` and ${failed.length - MAX_NAMES} more` : '';
  if (failed.length > 0) return `${names.join(', ')}${more} failed${why === undefined ? '' : `: ${why}`}`;
  return 'it was halted with the run, so nodes in it could not start';
}
