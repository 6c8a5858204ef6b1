// The record that a run document holds of one node: a shape for each status, and what outlives a claim. Pure.
//
//   status           beside what every record keeps (Kept)
//   claimed          the holder, its lease, its server or process, how far it is
//   retrying         not before when it is tried again
//   needs_decision   who held it last, and where it ran
//   finished         who did it, when, output and evidence; which run it was taken over from
//   failed           who tried it last, when, evidence
//   skipped          who held it last, when
//   cancelled        who held it last, when, and where it ran

import { MAX_LOST_CLAIMS } from '../../graph/ready/readiness.ts';
import type { NodeStatus } from '../../graph/ready/run-node.ts';
import type { Json } from '../../json/json.ts';

/** A process, told apart from any later one of the same number. `start` is what `processStart` says. */
export interface ProcessId {
  host: string;
  boot: string;
  pid: number;
  start: string;
}

/** A result that came when its claim no longer held: kept for whoever decides, without effect. */
export interface LateResult {
  claim: string;
  at: number;
  status: 'done' | 'failed';
  agent?: string;
  summary?: string;
  output?: Json;
  output_blob?: string;
}

/** A claim that ended without a report and was given to another. */
export interface LostClaim {
  claim: string;
  agent: string;
  session?: string;
  since: number;
}

/** In every record. Times are ms since the epoch. */
interface Kept {
  /** Tries so far, the running one included. A claim that was lost or released does not count. */
  attempt: number;
  /** Claims so far: a report that carries an older number is late. Never goes down. */
  fence: number;
  /** The last claim. Absent: there was none. */
  claim?: string;
  /** From the definition, so that views need not load it. */
  title?: string;
  tokens?: number;
  cost_usd?: number;
  /** Agents that said they cannot do it. */
  excluded?: string[];
  late?: LateResult[];
  lost?: LostClaim[];
  error?: { kind: string; message: string };
}

/** Who holds the node, or held it last. */
interface Holder {
  /** The presence key, see `agentKey`. */
  agent?: string;
  /** The agent's name within its session, as it gave it. */
  agent_name?: string;
  session?: string;
  started_at?: number;
}

interface Place {
  /** The server process that claimed it, for nodes that servers run. */
  server?: ProcessId;
  /** The process it started. On the server's host and boot. */
  process?: { pid: number; start: string };
}

interface Progress {
  percent?: number;
  summary?: string;
}

interface Ended extends Kept, Holder {
  ended_at?: number;
  summary?: string;
}

interface ByStatus {
  claimed: Kept & Holder & Place & Progress & { lease_until?: number; lease_ms?: number };
  retrying: Kept & { /** Absent: at once. */ not_before?: number };
  needs_decision: Kept & Holder & Place & Progress;
  finished: Ended & {
    output?: Json;
    /** An output too large for the document: a blob, and its size in bytes. */
    output_blob?: string;
    output_bytes?: number;
    evidence?: Json;
    /** Ended because its task was, by hand: a result of its last holder is still to come. */
    outside?: true;
    /** The run whose result this is. */
    reused_from?: string;
  };
  failed: Ended & { evidence?: Json };
  skipped: Ended & { /** As of finished. */ outside?: true };
  cancelled: Ended & Place & { percent?: number };
}

type MemberOf<T> = T extends T ? keyof T : never;
type Member = MemberOf<ByStatus[NodeStatus]>;
/** Members of other statuses may be asked for, and are never there. */
type Exactly<T> = T & { [K in Exclude<Member, keyof T>]?: never };

/** The record of a node with one status. */
export type RecordOf<S extends NodeStatus> = { [K in S]: Exactly<ByStatus[K]> & { status: K } }[S];
export type NodeRecord = RecordOf<NodeStatus>;

type Loose<T> = T extends T ? { [K in keyof T]: T[K] | (object extends Pick<T, K> ? undefined : never) } : never;
/** A record on its way to the store: an optional member may be there and undefined, and is then left out. */
export type Draft<S extends NodeStatus = NodeStatus> = Loose<RecordOf<S>>;

/** Late results and lost claims kept per node: enough to decide by, few enough for a document. */
const MAX_KEPT = 5;

/** What was learnt on the way: it outlives a claim. */
export function carriedOver(node: Readonly<NodeRecord> | undefined) {
  const { title, excluded, late, lost, tokens, cost_usd, error } = node ?? {};
  return { title, excluded, late, lost, tokens, cost_usd, error };
}

/** The numbers of a record and who held it: what an end of it keeps. */
export function heldBy(node: Readonly<NodeRecord> | undefined) {
  const { attempt = 0, fence = 0, claim, agent, agent_name, session, started_at } = node ?? {};
  return { attempt, fence, claim, agent, agent_name, session, started_at };
}

export function withLate(node: Readonly<NodeRecord>, late: LateResult): NodeRecord {
  return { ...node, late: [...(node.late ?? []), late].slice(-MAX_KEPT) };
}

export function withLost(node: Readonly<NodeRecord>): LostClaim[] {
  const { claim = '', agent = '', session, started_at: since = 0 } = node;
  const lost: LostClaim = session === undefined ? { claim, agent, since } : { claim, agent, session, since };
  return [...(node.lost ?? []), lost].slice(-MAX_KEPT);
}

/** A node that was lost or given back too often is not offered for ever. */
export function wasLostTooOften(node: Readonly<NodeRecord>): boolean {
  return node.fence - node.attempt >= MAX_LOST_CLAIMS;
}
