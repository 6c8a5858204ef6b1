// Prints parsed paths as canonical text, which parses to the same path. Called by path.ts.

import { printName, printQuoted } from './scan.ts';
import type { Filter, Operand, Query, Segment, Selector } from './syntax.ts';

export function printSegments(segments: readonly Segment[]): string {
  return segments.map(printSegment).join('');
}

function printSegment({ deep, selector }: Segment): string {
  const text = selector.select === 'all' ? '.*' : printBracketed(selector);
  if (!deep) return text;
  return text.startsWith('.') ? `.${text}` : `..${text}`;
}

function printBracketed(selector: Selector): string {
  if (selector.select === 'name') return printName(selector.name);
  return selector.select === 'union'
    ? `[${selector.parts.map(printSelector).join(',')}]`
    : `[${printSelector(selector)}]`;
}

/** A selector as it stands between brackets. */
export function printSelector(selector: Selector): string {
  switch (selector.select) {
    case 'name':
      return printQuoted(selector.name);
    case 'index':
      return String(selector.index);
    case 'all':
      return '*';
    case 'slice':
      return `${selector.start ?? ''}:${selector.end ?? ''}${selector.step === 1 ? '' : `:${selector.step}`}`;
    case 'union':
      return selector.parts.map(printSelector).join(',');
    case 'filter':
      return `?(${printFilter(selector.filter)})`;
  }
}

function printFilter(filter: Filter): string {
  switch (filter.op) {
    case 'or':
    case 'and':
      return filter.parts.map(printPart).join(filter.op === 'or' ? ' || ' : ' && ');
    case 'not':
      return `!${printPart(filter.part)}`;
    case 'exists':
      return printQuery(filter.query);
    default:
      return `${printOperand(filter.left)} ${filter.op} ${printOperand(filter.right)}`;
  }
}

function printPart(filter: Filter): string {
  return filter.op === 'exists' ? printQuery(filter.query) : `(${printFilter(filter)})`;
}

function printOperand(operand: Operand): string {
  if ('query' in operand) return printQuery(operand.query);
  return typeof operand.literal === 'string' ? printQuoted(operand.literal) : String(operand.literal);
}

function printQuery({ from, segments }: Query): string {
  return from + printSegments(segments);
}
