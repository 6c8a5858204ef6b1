// A decision: its options, its voters with their weights, and the rule that turns votes into an outcome. Pure.
//
//   open --a vote that decides it, the last vote, or the deadline--> passed | rejected
//     +----the owner's veto----------------------------------------> rejected
//
// A decision is closed by a commit: of the deciding vote, or of the first call of decision_* or message_read after the
// deadline. The commit tells everybody concerned. A vote can be changed until then. The voters are fixed at opening, so
// that the votes needed never change; a person may vote beside them, and decides an approval at once.

import type { JsonObject } from '../../json/json.ts';
import type { Address } from './channel.ts';
import type { Tier } from './registry.ts';

export const RULES = ['majority', 'consensus', 'k_of_n'] as const;
export type Rule = (typeof RULES)[number];

export const DECISION_STATUSES = ['open', 'passed', 'rejected'] as const;
export type DecisionStatus = (typeof DECISION_STATUSES)[number];

export interface Voter {
  /** A session's id, an agent's name, or `person:<user>`. */
  name: string;
  tier: Tier;
  weight: number;
}

export interface Vote {
  /** The chosen option; absent for an abstention. */
  option?: string;
  /** The session it came from, and the agent if a claim proved one. */
  by: string;
  at: string;
  reason?: string;
  /** Cast on the command line; with `grade` it is a person's, and `by` the user. */
  via?: 'cli';
  grade?: 'person';
}

export interface DecisionDocument {
  schema: 1;
  id: string;
  project: string;
  title: string;
  kind: 'choice' | 'allocation' | 'approval';
  options: string[];
  rule: Rule;
  /** For k_of_n: so many votes decide it. Votes are counted, not weighed. */
  k?: number;
  /** Votes that must be cast, abstentions included. */
  quorum: number;
  voters: Voter[];
  /** Who opened it, and may veto. */
  owner: string;
  opened_at: string;
  deadline: string;
  /** For an approval: the policy that asks for it. */
  policy?: string;
  /** The allocation of each option; see allocation.ts. */
  allocations?: Record<string, JsonObject>;
  /** The message that announced it. */
  thread?: string;
  /** Addresses to tell the outcome to, each with the message that asked there. */
  told?: { to: Address; thread?: string }[];
  status: DecisionStatus;
  votes: Record<string, Vote>;
  outcome?: string;
  why?: string;
  closed_at?: string;
  /** Why the allocation of a passed decision could not take effect. */
  not_applied?: string;
}

export interface OptionTally {
  option: string;
  votes: number;
  weight: number;
}

export interface Tally {
  options: OptionTally[];
  cast: number;
  abstained: number;
  /** Voters who have not voted. */
  missing: string[];
}

export type DecisionResult = { status: 'passed'; outcome: string; why: string } | { status: 'rejected'; why: string };

export function decisionStream(id: string): string {
  return `decision/${id}`;
}

/** The votes counted by option. */
export function tallyOf(decision: Readonly<DecisionDocument>): Tally {
  const options = decision.options.map((option): OptionTally => ({ option, votes: 0, weight: 0 }));
  const tally: Tally = { options, cast: 0, abstained: 0, missing: [] };
  for (const { name, weight } of decision.voters) {
    const vote = voteOf(decision, name);
    if (vote === undefined) {
      tally.missing.push(name);
      continue;
    }
    tally.cast += 1;
    const chosen = options.find(({ option }) => option === vote.option);
    if (chosen === undefined) tally.abstained += 1;
    else {
      chosen.votes += 1;
      chosen.weight += weight;
    }
  }
  return tally;
}

/** A voter's own vote. A voter may be called like a member of every object, such as `constructor`. */
function voteOf({ votes }: Readonly<DecisionDocument>, name: string) {
  return Object.hasOwn(votes, name) ? votes[name] : undefined;
}

/** The result of the votes so far; undefined while it is open. `over`: no more votes can come. */
export function resultOf(decision: Readonly<DecisionDocument>, over: boolean): DecisionResult | undefined {
  const tally = tallyOf(decision);
  const final = over || tally.missing.length === 0;
  if (tally.cast < decision.quorum) {
    return final
      ? { status: 'rejected', why: `${tally.cast} of ${decision.quorum} needed votes were cast` }
      : undefined;
  }
  const passed = winner(decision, tally, final);
  if (passed !== undefined) return { status: 'passed', ...passed };
  return final ? { status: 'rejected', why: 'no option had what the rule asks for' } : undefined;
}

function winner(
  decision: Readonly<DecisionDocument>,
  tally: Tally,
  final: boolean,
): { outcome: string; why: string } | undefined {
  const chosen = tally.options.filter(({ votes }) => votes > 0);
  switch (decision.rule) {
    case 'k_of_n': {
      const k = decision.k ?? decision.voters.length;
      const first = chosen.find(({ votes }) => votes >= k);
      return first && { outcome: first.option, why: `${first.votes} votes, ${k} were needed` };
    }
    case 'consensus': {
      const [only, other] = chosen;
      if (!final || only === undefined || other !== undefined) return undefined;
      return { outcome: only.option, why: `all ${only.votes} who chose agreed` };
    }
    case 'majority': {
      // While votes are missing, a majority of all weights that could still be cast; at the end, of those cast.
      const outstanding = decision.voters.filter(({ name }) => voteOf(decision, name) === undefined);
      const open = final ? 0 : outstanding.reduce((sum, { weight }) => sum + weight, 0);
      const total = chosen.reduce((sum, { weight }) => sum + weight, 0) + open;
      const first = chosen.find(({ weight }) => weight * 2 > total);
      return first && { outcome: first.option, why: `${first.weight} of ${total} weighed votes` };
    }
  }
}

/** The voters who chose another option than the outcome, with their reasons. */
export function dissentOf(decision: Readonly<DecisionDocument>): { voter: string; option: string; reason?: string }[] {
  return decision.voters.flatMap(({ name }) => {
    const vote = voteOf(decision, name);
    if (vote?.option === undefined || vote.option === decision.outcome) return [];
    const { option, reason } = vote;
    return [reason === undefined ? { voter: name, option } : { voter: name, option, reason }];
  });
}
