// The gate `threshold`: a condition over what was reported holds.

import { holds, parseCondition, placesOf } from '../../path/condition.ts';
import type { GateSpec } from '../graph.ts';
import { badGate, type GateKind } from './define.ts';

export interface ThresholdGate extends GateSpec {
  kind: 'threshold';
  when: string;
}

const ROOTS = ['output', 'evidence'];

export const threshold: GateKind<ThresholdGate> = {
  kind: 'threshold',
  stage: 'pure',
  fields: { when: { type: 'text', max: 1_000, about: 'a filter over {output, evidence}, "@.output.coverage >= 0.8"' } },
  requires: ['when'],
  summary: 'a condition over output and evidence holds',
  example: { id: 'coverage', kind: 'threshold', when: '@.output.coverage >= 0.8' },

  check({ id, when = '' }, at) {
    const parsed = parseCondition(when);
    if (!parsed.ok) {
      const why = 'why' in parsed.failure ? parsed.failure.why : 'it cannot be read';
      return [badGate(`${at}/when`, `the condition of "${id}": ${why}`, 'write such as "@.output.coverage >= 0.8"')];
    }
    return placesOf(parsed.value).flatMap(([root]) => {
      if (ROOTS.some((one) => one === root)) return [];
      const message = `the condition of "${id}" asks for "${root ?? ''}", which is not there`;
      return [badGate(`${at}/when`, message, 'ask for @.output and @.evidence')];
    });
  },

  judge({ when }, { output, evidence }) {
    const parsed = parseCondition(when);
    const found = parsed.ok ? holds(parsed.value, { output, evidence }) : parsed;
    if (!found.ok) return `"${when}" takes too much work`;
    return found.value ? undefined : `"${when}" does not hold`;
  },
};
