// A decision on the memory backend, with short names to open it, vote and read it.

import type { DecisionDocument, Voter } from '../../../src/domain/team/decision.ts';
import { castVote, type OpenInput, openDecision, type VoteInput } from '../../../src/domain/team/decision-commands.ts';
import { Rig } from '../../rig.ts';

export const DAY_MS = 86_400_000;

export const three: Voter[] = [
  { name: 'boss', tier: 'orchestrator', weight: 3 },
  { name: 'lead', tier: 'coordinator', weight: 2 },
  { name: 'dev', tier: 'worker', weight: 1 },
];

export class Poll {
  readonly rig = new Rig();
  id = '';

  async open(more: Partial<OpenInput> = {}): Promise<this> {
    await this.rig.session();
    const base: OpenInput = {
      project: 'prj-1',
      owner: { session: 'ses-owner' },
      title: 'Which way?',
      kind: 'choice',
      options: ['left', 'right'],
      rule: 'majority',
      deadlineMs: DAY_MS,
      voters: three,
      announceTo: [],
    };
    const opened = await this.rig.do((tx, ctx) => openDecision(tx, ctx, { ...base, ...more }));
    this.id = opened.value.id;
    return this;
  }

  async vote(name: string, option: string | 'abstain' | 'veto' | undefined, reason?: string) {
    const answer = await this.rig.do((tx, ctx) => castVote(tx, ctx, this.input(name, option, reason)));
    return { ...answer.value, changed: answer.changed };
  }

  refused(name: string, option: string | undefined) {
    return this.rig.refused((tx, ctx) => castVote(tx, ctx, this.input(name, option)));
  }

  private input(name: string, option: string | undefined, reason?: string): VoteInput {
    const caller = { session: `ses-${name}` };
    const vote =
      option === 'abstain' || option === 'veto' ? { kind: option } : { kind: 'option' as const, option: option ?? '' };
    return {
      decision: this.id,
      caller,
      names: [name],
      vote: option === undefined ? undefined : (vote as VoteInput['vote']),
      reason,
    };
  }

  doc(): Promise<DecisionDocument | undefined> {
    return this.rig.doc<DecisionDocument>(`decision/${this.id}`);
  }
}
