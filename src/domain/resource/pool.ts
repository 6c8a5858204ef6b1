// Limits on agents' claims in a project, and on the tokens of a run. One document lists the claims; it changes in every
// commit that gives or ends one, so that no two processes give the last one. Where no limit is set it does not change,
// so that claims of different runs do not race for it. Pure; run/followers/agent-limit.ts checks the limits before a
// claim, and keeps the list with every change of a node.
//
//   claimed --> listed --finished, failed, given back, cancelled, left to a decision--> not listed
//                 +--claimed again, handed to another session--> listed for the new holder
//                 +--its lease ended--> does not count until its agent is seen again; leaves the list a day later

import { endOfLease, isBeyond } from '../../base/lease.ts';
import type { PatchOp } from '../../json/patch.ts';
import { formatPointer } from '../../json/pointer.ts';
import type { Context, Transaction } from '../command.ts';
import { globalSettingsOf, limitsClaims, type Pool, poolsOf } from '../project/config.ts';
import { type ProjectDocument, projectStream } from '../project/document.ts';

/** A claim that an agent holds; claims of servers are not listed. Times in ms since the epoch. */
export interface HeldClaim {
  run: string;
  /** The agent's name in lower case. */
  name: string;
  /** Presence key of the agent. */
  agent: string;
  claim: string;
  lease_ms: number;
  lease_until: number;
}

export interface PoolDocument {
  schema: 1;
  project: string;
  /** By `<run>.<node>`. */
  held: Record<string, HeldClaim>;
}

/** How long after its end a claim stays listed, if nothing else removes it. */
const FORGET_MS = 86_400_000;

export function poolStream(project: string): string {
  return `pool/${project}`;
}

/** The pool of an agent: that of its name, or of its name without a trailing number (`coder-2`). */
export function poolOf(pools: Readonly<Record<string, Pool>>, agent: string): string | undefined {
  const name = agent.toLowerCase();
  return [name, name.replace(/-\d+$/, '')].find((one) => Object.hasOwn(pools, one));
}

/**
 * Sets the listed claim of a node, or removes it if `held` is undefined. Without a limit no claim is added: it gets
 * into the list when its lease first changes after a limit was set.
 */
export function listClaim(
  tx: Transaction,
  ctx: Pick<Context, 'now' | 'lastSeen'>,
  project: string,
  { run, node }: { run: string; node: string },
  held: HeldClaim | undefined,
): void {
  const stream = poolStream(project);
  const doc = tx.read<PoolDocument>(stream);
  const key = `${run}.${node}`;
  const listed = doc?.held[key];
  const data = { run, node };
  const limited = limitsClaims(tx.read<ProjectDocument>(projectStream(project))?.config);
  if (held === undefined || (!limited && listed?.claim !== held.claim)) {
    if (listed !== undefined) tx.patch(stream, { type: 'pool.left', data }, [{ op: 'remove', path: placeOf(key) }]);
  } else if (doc === undefined) {
    const made: PoolDocument = { schema: 1, project, held: { [key]: held } };
    tx.create(stream, { type: 'pool.taken', data }, made);
  } else if (listed?.claim !== held.claim) {
    const over = Object.entries(doc.held).filter(
      ([other, one]) => other !== key && endOf(one, ctx) < ctx.now - FORGET_MS,
    );
    const ops: PatchOp[] = over.map(([other]) => ({ op: 'remove', path: placeOf(other) }));
    tx.patch(stream, { type: 'pool.taken', data }, [{ op: 'add', path: placeOf(key), value: { ...held } }, ...ops]);
  } else if (listed.lease_until !== held.lease_until) {
    const op: PatchOp = { op: 'replace', path: placeOf(key, 'lease_until'), value: held.lease_until };
    tx.patch(stream, { type: 'pool.renewed', data }, [op]);
  }
}

function placeOf(key: string, ...member: string[]): string {
  return formatPointer(['held', key, ...member]);
}

/** The run of which a node is to be claimed. `tokens`: spent by its agents so far. */
interface ClaimedRun {
  readonly id: string;
  readonly project: string;
  readonly tokens?: number;
}

/** When a claim stops counting: its stored end, or later if its agent was seen since. */
function endOf({ agent, lease_ms, lease_until }: Readonly<HeldClaim>, ctx: Pick<Context, 'now' | 'lastSeen'>): number {
  // Presence is a file per agent: read only once the stored lease has ended.
  if (lease_until > ctx.now && !isBeyond(lease_until - lease_ms, lease_ms, ctx.now)) return lease_until;
  return endOfLease(lease_until, lease_ms, ctx.lastSeen(agent), ctx.now);
}

/** The claims that count now: those listed, and further ones that were given while there was no limit. */
export function liveClaims(
  pool: Readonly<PoolDocument> | undefined,
  ctx: Pick<Context, 'now' | 'lastSeen'>,
  further: readonly HeldClaim[] = [],
): (Readonly<HeldClaim> & { end: number })[] {
  const listed = Object.values(pool?.held ?? {});
  const known = new Set(further.length === 0 ? [] : listed.map(({ claim }) => claim));
  return [...listed, ...further.filter(({ claim }) => !known.has(claim))].flatMap((one) => {
    const end = endOf(one, ctx);
    return end > ctx.now ? [{ ...one, end }] : [];
  });
}

/** The most claims of a pool. `work`: nodes of the run that are held or ready. */
export function poolSize(
  { max, min = 0, policy = 'fixed', nodes_per_agent: per = 1 }: Readonly<Pool>,
  work: number,
): number {
  return policy === 'fixed' ? max : Math.min(max, Math.max(min, Math.ceil(work / per)));
}

/** Why no agent, or none of one pool, may claim now. */
export interface Limit {
  none: 'limit' | 'budget';
  why: string;
  /** When time alone may lift it, in ms since the epoch. */
  until?: number;
}

/**
 * The limit that keeps an agent from another claim in a run; undefined if none does. Settings and list of claims become
 * part of the transaction. `here`: the agents' claims of this run, of which some may not be listed. `ready`: counts the
 * nodes the agent could take now; called only for a pool that goes by demand.
 */
export function limitOf(
  tx: Transaction,
  ctx: Pick<Context, 'now' | 'lastSeen'>,
  run: ClaimedRun,
  agent: string,
  { here, ready }: { here(): readonly HeldClaim[]; ready(): number },
): Limit | undefined {
  const config = tx.read<ProjectDocument>(projectStream(run.project))?.config;
  const { token_budget: budget, max_concurrent_agents: most } = globalSettingsOf(config);
  const { tokens = 0 } = run;
  if (tokens >= budget) {
    const why =
      `the agents of this run have spent ${tokens} tokens of ${budget}; ` + `${raise('token_budget', tokens + budget)}`;
    return { none: 'budget', why };
  }
  if (!limitsClaims(config)) return undefined;
  const live = liveClaims(tx.read<PoolDocument>(poolStream(run.project)), ctx, here());
  if (most > 0 && live.length >= most) {
    const why =
      `${live.length} claims are held in this project, and max_concurrent_agents is ${most}; one more ` +
      `when one ends, or ${raise('max_concurrent_agents', most * 2)}`;
    return full(live, why);
  }
  const pools = poolsOf(config);
  const name = poolOf(pools, agent);
  const pool = name === undefined ? undefined : pools[name];
  if (pool === undefined) return undefined;
  const inPool = live.filter((one) => poolOf(pools, one.name) === name);
  const change = `project_save {"config": {"pools": {"${name}": …}}} changes it`;
  if (inPool.length >= pool.max)
    return full(inPool, `${inPool.length} of the pool ${name} hold a claim, and it allows ${pool.max}; ${change}`);
  if (pool.policy !== 'demand') return undefined;
  const inRun = inPool.filter((one) => one.run === run.id);
  const work = ready();
  if (work === 0 || inRun.length < poolSize(pool, inRun.length + work)) return undefined;
  return full(
    inRun,
    `${inRun.length} of the pool ${name} hold a claim of this run, enough for what is ready; ${change}`,
  );
}

function full(held: readonly { end: number }[], why: string): Limit {
  return { none: 'limit', why, until: Math.min(...held.map(({ end }) => end)) };
}

function raise(setting: string, to: number): string {
  return `project_save {"config": {"global_settings": {"${setting}": ${to}}}} allows more`;
}
