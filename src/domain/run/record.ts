// The record that a run document holds of one node: its shape by status, and the parts that outlive a claim. Pure.
//
//   status           beside what every record keeps (Kept)
//   claimed          the holder, its lease, its server or process, how far it is
//   retrying         not before when it is tried again, what the last try brought
//   gating           as finished, while its gates judge what was reported
//   open             since when; what goes on inside has records of its own
//   awaiting         until when, for which signal, or which question somebody is to answer
//   needs_decision   who held it last, and where it ran
//   finished         who did it, when, output and evidence; which run it was taken over from
//   failed           who tried it last, when, output and evidence of the last try
//   skipped          who held it last, when, by hand or because of which need
//   cancelled        who held it last, when, and where it ran

import type { ProcessPlace } from '../../base/process-place.ts';
import { MAX_LOST_CLAIMS } from '../../graph/ready/readiness.ts';
import { lostClaims, type NodeStatus, type SkipReason } from '../../graph/ready/run-node.ts';
import type { Json } from '../../json/json.ts';

/** A process, distinct from any later one with the same number. `start` is the answer of `processStart`. */
export interface ProcessId extends ProcessPlace {
  pid: number;
  start: string;
}

/** A result that came after its claim had ended: kept for a decision, without effect. */
export interface LateResult {
  claim: string;
  at: number;
  status: 'done' | 'failed';
  agent?: string;
  summary?: string;
  output?: Json;
  output_blob?: string;
}

/** A claim that ended without a report, after which the node was given to another. */
export interface LostClaim {
  claim: string;
  agent: string;
  session?: string;
  since: number;
}

/** A try that failed, and was followed by another. */
export interface FailedTry {
  attempt: number;
  kind: string;
  message: string;
}

/** What a gate made of the work of one claim. */
export interface Verdict {
  gate: string;
  status: 'passed' | 'failed' | 'error' | 'waived';
  /** `server`: seen by a server. `person`: given on a terminal or page. `claimed`: said by an agent. */
  grade: 'server' | 'claimed' | 'person';
  by: string;
  at: number;
  /** The work that was judged. */
  attempt: number;
  fence: number;
  exit_code?: number;
  findings?: string;
}

/** The members of every record. Times are ms since the epoch. */
interface Kept {
  /** Tries so far, the present one included. A lost or released claim does not count. */
  attempt: number;
  /** Claims so far: a report with a lower number is late. Never decreases. */
  fence: number;
  /** The last claim; absent if there was none. */
  claim?: string;
  /** The claims before it, the newest so many: what their holders bring is late. */
  earlier?: string[];
  /** The definition's title, so that views need not load the definition. */
  title?: string;
  tokens?: number;
  cost_usd?: number;
  /** Agents that said they cannot do it. */
  excluded?: string[];
  /** Rate limits that its tries met in a row, the last one included. Absent: none. */
  rate_limits?: number;
  late?: LateResult[];
  lost?: LostClaim[];
  error?: { kind: string; message: string };
  /** With `repeat`: which iteration it is in, from 1, and how often in a row the output was the same. */
  iteration?: number;
  same?: { hash: string; times: number };
  /** What the iteration before brought. */
  previous?: { output?: Json; output_blob?: string };
  /** The fence at which the present iteration began: claims before it were not lost. */
  from_fence?: number;
  /** The last error, masked, and the agents that met it in a row. */
  same_error?: { hash: string; agents: string[] };
  /** When the first claim of the present iteration was given. */
  began_at?: number;
  /** Why earlier tries failed, the newest so many, `error` included once it is tried again. */
  tries?: FailedTry[];
  /** What somebody said when they gave it another try: for those who try. */
  retry_reason?: string;
  /** With gates: what they made of the last work, and what failed in it; everyone who had a claim, never cut. */
  verdicts?: Verdict[];
  findings?: { gate: string; findings: string }[];
  authors?: { agent: string; name: string; session?: string }[];
}

/** What a claim was asked for with, beside the node: the next claim of its holder is asked for alike. */
export interface Asked {
  skills?: string[];
  max_tokens?: number;
}

/** The node's present or last holder. */
interface Holder {
  /** The presence key, see `agentKey`. */
  agent?: string;
  /** The agent's name within its session, as it gave it. */
  agent_name?: string;
  session?: string;
  started_at?: number;
  /** Absent: nothing. */
  asked?: Asked;
  /** Whom the plan named before the claim: gets the work back if the claim ends without a result. */
  planned?: string;
}

interface Performed {
  /**
   * A server took it for a window, and announces itself under `agent` while it lives (Presence.attach): once it is
   * gone, nobody can tell whether the work goes on.
   */
  window?: true;
  /** The server process that claimed it, if its kind is performed by servers. */
  server?: ProcessId;
  /** The process that the server started, in the same place. */
  process?: { pid: number; start: string };
}

interface Progress {
  percent?: number;
  summary?: string;
}

/** What a try brought: of a failed one too, because it tells why. */
interface Brought {
  output?: Json;
  /** An output too large for the document: a blob, and its size in bytes. */
  output_blob?: string;
  output_bytes?: number;
  evidence?: Json;
}

interface Ended extends Kept, Holder {
  ended_at?: number;
  summary?: string;
}

/** An answer to a question, as its author gave it. */
export interface Answer {
  option: string;
  by: string;
  /** `person`: given on a terminal or page, or by elicitation. `claimed`: the tool call of an agent. */
  grade: 'person' | 'claimed';
  at: number;
  session?: string;
  reason?: string;
}

/** The question of an approval. Whoever answers names its id: an answer to another one has no effect. */
export interface Question {
  id: string;
  asked_at: number;
  /** Hash of what it shows: the ask, its options, and the outputs of what the node needs. */
  shown: string;
  answers?: Answer[];
}

interface ByStatus {
  claimed: Kept &
    Holder &
    Performed &
    Progress & {
      lease_until?: number;
      lease_ms?: number;
      /** When the try, or all tries together, take too long. */
      run_until?: number;
      total_until?: number;
    };
  retrying: Kept & Brought & { /** Absent: at once. */ not_before?: number };
  gating: Ended & Brought;
  open: Kept & { started_at?: number };
  awaiting: Kept & { started_at?: number; until?: number; signal?: string; question?: Question };
  needs_decision: Kept & Holder & Performed & Progress & Brought;
  finished: Ended &
    Brought & {
      /** Ended because its task was ended by hand: its last holder may still report a result. */
      outside?: true;
      /** The earlier run that produced this result. */
      reused_from?: string;
      /** Of an approval: the question as it was answered. */
      question?: Question;
    };
  failed: Ended & Brought & { question?: Question };
  skipped: Ended & {
    /** As of finished. */
    outside?: true;
    /** Absent: by hand. */
    why?: SkipReason;
    /** With upstream: the need that it followed from. */
    cause?: string;
    /** Of a node that judges: who overruled its gate. */
    waived?: Pick<Verdict, 'grade' | 'by'>;
  };
  cancelled: Ended & Performed & Brought & { percent?: number };
}

type MemberOf<T> = T extends T ? keyof T : never;
type Member = MemberOf<ByStatus[NodeStatus]>;
/** Members of other statuses are typed as absent, so that any record may be asked for them. */
type Exactly<T> = T & { [K in Exclude<Member, keyof T>]?: never };

/** The record of a node with one status. */
export type RecordOf<S extends NodeStatus> = { [K in S]: Exactly<ByStatus[K]> & { status: K } }[S];
export type NodeRecord = RecordOf<NodeStatus>;

type Loose<T> = T extends T ? { [K in keyof T]: T[K] | (object extends Pick<T, K> ? undefined : never) } : never;
/** A record before it is stored: an optional member may be undefined, and is then left out. */
export type Draft<S extends NodeStatus = NodeStatus> = Loose<RecordOf<S>>;

/** The most late results and lost claims kept per node. */
const MAX_KEPT = 5;
/** Earlier claims kept per node: more than a node has tries and lost claims, unless somebody decides on it often. */
const MAX_EARLIER = 20;

/** The members that outlive a claim. */
export function carriedOver(node: Readonly<NodeRecord> | undefined) {
  const { title, excluded, earlier, late, lost, tokens, cost_usd, error, retry_reason } = node ?? {};
  const { iteration, same, previous, from_fence, same_error, began_at, tries } = node ?? {};
  const { verdicts, findings, authors } = node ?? {};
  const gated = { verdicts, findings, authors };
  const repeated = { iteration, same, previous, from_fence, same_error, began_at, tries };
  return { title, excluded, earlier, late, lost, tokens, cost_usd, error, retry_reason, ...repeated, ...gated };
}

/** The numbers and the holder of a record: the members that its end keeps. */
export function heldBy(node: Readonly<NodeRecord> | undefined) {
  const { attempt = 0, fence = 0, claim, agent, agent_name, session, started_at, asked, planned } = node ?? {};
  return { attempt, fence, claim, agent, agent_name, session, started_at, asked, planned };
}

/** The earlier claims of a node that is about to get another claim. */
export function withEarlier(node: Readonly<NodeRecord> | undefined): string[] | undefined {
  if (node?.claim === undefined) return node?.earlier;
  return [...(node.earlier ?? []), node.claim].slice(-MAX_EARLIER);
}

/**
 * True for a claim with this fence that the run has given for the node, now or before. Asks for the whole name, or a
 * guess with an old fence would count as an old claim. Records of older versions have not kept the names: they go by
 * the fence alone.
 */
export function wasGiven(node: Readonly<NodeRecord>, claim: string, fence: number): boolean {
  if (fence >= node.fence) return node.claim === claim;
  const { earlier = [] } = node;
  // Names of claims of one node and fence differ in their random end only.
  const known = earlier.find((one) => one.slice(0, -6) === claim.slice(0, -6));
  return known === undefined ? earlier.length < Math.min(MAX_EARLIER, node.fence - 1) : known === claim;
}

/** The record with one more late result; only the newest are kept. */
export function withLate(node: Readonly<NodeRecord>, late: LateResult): NodeRecord {
  return { ...node, late: [...(node.late ?? []), late].slice(-MAX_KEPT) };
}

/** The lost claims of a record with its present claim added; only the newest are kept. */
export function withLost(node: Readonly<NodeRecord>): LostClaim[] {
  const { claim = '', agent = '', session, started_at: since = 0 } = node;
  const lost: LostClaim = session === undefined ? { claim, agent, since } : { claim, agent, session, since };
  return [...(node.lost ?? []), lost].slice(-MAX_KEPT);
}

/** The failed tries of a node that is about to be tried again. A try that was given back has not failed. */
export function withTry(node: Readonly<NodeRecord> | undefined): FailedTry[] | undefined {
  if (node?.status !== 'retrying' || node.error === undefined || node.attempt === 0) return node?.tries;
  const { attempt, tries = [], error } = node;
  if (tries.some((one) => one.attempt === attempt)) return tries;
  return [...tries, { attempt, ...error }].slice(-MAX_KEPT);
}

/** Whether a node was lost or given back too often to be offered again. */
export function wasLostTooOften(node: Readonly<NodeRecord>): boolean {
  return lostClaims(node) >= MAX_LOST_CLAIMS;
}
