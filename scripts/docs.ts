// Renders the generated documents: docs/tools.md, docs/events.md and the tables of the README. Called by gen.ts.

import { readdirSync, readFileSync } from 'node:fs';
import { eventTypes } from '../src/domain/events.ts';
import type { Fields } from '../src/graph/fields.ts';
import { SHARED_FIELDS } from '../src/graph/graph.ts';
import { nodeKinds } from '../src/graph/kinds/index.ts';
import type { Prompt } from '../src/prompts/define.ts';
import type { ResourceKind } from '../src/resources/define.ts';
import type { fullTool, Listing } from '../src/tools/describe.ts';
import { argumentWords } from './argument-words.ts';
import { installLinks, type Pack } from './manifests.ts';
import { limitText, type Property, propertyOf, typeText } from './types.ts';

/** docs/tools.md: every tool with its arguments. */
export function toolsDocument(
  listings: readonly Listing[],
  full: (name: string) => ReturnType<typeof fullTool>,
): string {
  const parts = ['# Tools', '', 'Generated from the code by `npm run gen`. A `?` marks what may be left out.', ''];
  for (const { tool, toolset, optIn } of listings) {
    const { readOnlyHint, destructiveHint, idempotentHint } = tool.annotations;
    const facts = [
      `Toolset ${toolset}`,
      optIn && 'opt-in',
      readOnlyHint && 'read-only',
      destructiveHint && 'destructive',
      idempotentHint && 'idempotent',
    ].filter(Boolean);
    const { description, inputSchema } = full(tool.name);
    parts.push(`## ${tool.name}`, '', description, '', `${facts.join(', ')}.`, '');
    const schema = inputSchema as Property;
    const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const words = property.description ?? argumentWords[`${tool.name}.${name}`] ?? argumentWords[name];
      if (words === undefined)
        throw new Error(`${tool.name} ${name}: describe it, in the tool or in scripts/argument-words.ts`);
      return row(name, property, words, schema.required?.includes(name) ?? false);
    });
    if (rows.length > 0) parts.push('| argument | type | what it is |', '|---|---|---|', ...rows, '');
    if (tool.name === 'graph_check') parts.push(...nodesSection());
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

/** The section on nodes of a graph: the fields of all kinds, and a table per kind. */
function nodesSection(): string[] {
  const table = (fields: Fields, required: readonly string[]): string[] => [
    '| field | type | what it is |',
    '|---|---|---|',
    ...Object.entries(fields).map(([name, field]) =>
      row(name, propertyOf(field), upperFirst(field.about), required.includes(name)),
    ),
    '',
  ];
  const parts = ['### Fields of every node', '', ...table(SHARED_FIELDS, ['id', 'kind'])];
  for (const { kind, summary, performer, defaultEffect, requires, fields, example } of nodeKinds.values()) {
    const words = upperFirst(`${summary}. Performed by: ${performer}. Default effect: ${defaultEffect}.`);
    const needs = `Needs ${requires.map((name) => `\`${name}\``).join(', ')}. Example: \`${JSON.stringify(example)}\``;
    parts.push(`### Nodes of kind ${kind}`, '', words, '', needs, '', ...table(fields, requires));
  }
  return parts;
}

function row(name: string, property: Property, words: string, required: boolean): string {
  const preset = property.default === undefined ? undefined : `default ${JSON.stringify(property.default)}`;
  const notes = [words, limitText(property), preset].filter((one) => one !== undefined).join('; ');
  const cells = [`${name}${required ? '' : '?'}`, `\`${typeText(property)}\``, notes];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * docs/events.md: every event type that the log may hold. The compiler ensures that code uses only these; this throws
 * if a type occurs nowhere in the code.
 */
export function eventsDocument(): string {
  const code = sourceText();
  const idle = Object.keys(eventTypes).filter((type) => !code.includes(`'${type}'`));
  if (idle.length > 0) throw new Error(`src/domain/events.ts describes what nothing makes: ${idle.join(', ')}`);
  const rows = Object.entries(eventTypes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, what]) => `| ${type} | ${what} |`);
  const head = ['# Events', '', 'Generated from the code by `npm run gen`. Types are permanent once released.', ''];
  return [...head, '| type | what happened |', '|---|---|', ...rows, ''].join('\n');
}

function sourceText(): string {
  return readdirSync('src', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'events.ts')
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8'))
    .join('\n');
}

/** The README with new tables of tools, resources and prompts, between the comments that mark them. */
export function withTables(
  readme: string,
  parts: { listings: readonly Listing[]; resources: readonly ResourceKind[]; prompts: readonly Prompt[]; pack: Pack },
): string {
  const tools = parts.listings.map(
    ({ tool, toolset, optIn }) => `| \`${tool.name}\` | ${toolset}${optIn ? ' (opt-in)' : ''} | ${tool.title ?? ''} |`,
  );
  const resources = parts.resources.map(({ template, description }) => `| \`${template}\` | ${description} |`);
  const prompts = parts.prompts.map(({ name, description }) => `| \`/${name}\` | ${description} |`);
  const links = installLinks(parts.pack).map(({ client, link }) => `| [Install in ${client}](${link}) |`);
  const tables: Record<string, string[]> = {
    tools: ['| tool | toolset | |', '|---|---|---|', ...tools],
    resources: ['| resource | |', '|---|---|', ...resources],
    prompts: ['| prompt | |', '|---|---|', ...prompts],
    links: ['| one click, once a release is on npm |', '|---|', ...links],
  };
  return Object.entries(tables).reduce((text, [name, rows]) => withTable(text, name, rows.join('\n')), readme);
}

function withTable(readme: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}: generated by npm run gen -->`, `<!-- /${name} -->`];
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md needs the lines ${begin} and ${end}`);
  return `${readme.slice(0, from + begin.length)}\n${table}\n${readme.slice(to)}`;
}
