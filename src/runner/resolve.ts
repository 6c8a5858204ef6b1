// Puts values in the place of a node's references before a server performs it: the values are there once the claim is,
// because all that the node needs has ended. Used by runner.ts.

import { givenTo, type Reader, valueAt } from '../domain/run/given.ts';
import type { Place, RunTree } from '../domain/run/tree.ts';
import { type Argument, MAX_ARGUMENT } from '../graph/kinds/command.ts';
import type { AnyNode } from '../graph/kinds/index.ts';
import type { JsonObject } from '../json/json.ts';

export type Resolved = { ok: true; node: AnyNode } | { ok: false; why: string };

/** The node with texts for its references. A value must be a text, a number or a flag that fits into an argument. */
export function withValues(tree: RunTree, place: Place, reader: Reader): Resolved {
  const { node } = place;
  if (node.kind !== 'command' || !hasReference(node)) return { ok: true, node };
  const given = givenTo(tree, place, reader);
  const command = node.command.map((one) => textOf(one, given, reader));
  const env = Object.entries(node.env ?? {}).map(([name, one]) => [name, textOf(one, given, reader)] as const);
  const wrong = [...command, ...env.map(([, value]) => value)].find((one) => !one.ok);
  if (wrong?.ok === false) return wrong;
  const texts = command.flatMap((one) => (one.ok ? [one.text] : []));
  const variables = Object.fromEntries(env.flatMap(([name, one]) => (one.ok ? [[name, one.text]] : [])));
  return { ok: true, node: { ...node, command: texts, ...(node.env === undefined ? {} : { env: variables }) } };
}

function hasReference({ command, env = {} }: Extract<AnyNode, { kind: 'command' }>): boolean {
  return [...command, ...Object.values(env)].some((one) => typeof one !== 'string');
}

type Text = { ok: true; text: string } | { ok: false; why: string };

function textOf(argument: Argument, given: JsonObject, reader: Reader): Text {
  if (typeof argument === 'string') return { ok: true, text: argument };
  const value = valueAt(given, argument.$from, reader);
  const no = (what: string): Text => ({ ok: false, why: `the value at ${argument.$from} ${what}` });
  if (value === undefined || value === null) return no('is not there');
  if (typeof value === 'object') return no('is a list or an object, not a text');
  const text = String(value);
  if (text.length > MAX_ARGUMENT) return no(`has ${text.length} characters; ${MAX_ARGUMENT} is the most`);
  return text.includes('\0') ? no('holds a NUL character') : { ok: true, text };
}
