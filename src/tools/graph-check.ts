// graph_check: reports every fault of a graph at once, its measures, and its hash for run_start; can save it under a
// name.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { visible } from '../base/display.ts';
import { ID_RULE, isId } from '../base/safe-id.ts';
import { graphStream, type SavedGraph } from '../domain/run/saved-graph.ts';
import { saveGraph } from '../domain/run/start.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import { checkGraph, type GraphReport } from '../graph/check/check.ts';
import { checkInner } from '../graph/check/check-inner.ts';
import { type Fault, MAX_NODES } from '../graph/graph.ts';
import { type AnyGraph, nodeKinds } from '../graph/kinds/index.ts';
import { link, topologicalOrder } from '../graph/links.ts';
import { dot } from '../graph/plan/dot.ts';
import { redundantEdges } from '../graph/plan/measure.ts';
import { mermaid } from '../graph/plan/mermaid.ts';
import { hasTrigger } from '../graph/trigger.ts';
import { type Call, defineTool } from './define.ts';
import { changeInSession } from './shared/change.ts';
import { findGraph } from './shared/find-run.ts';
import { defaultsInput, maxParallelInput, nodesInput, onFailureInput } from './shared/graph-schema.ts';
import { requestInput } from './shared/inputs.ts';
import { refusedNodes } from './shared/refused-nodes.ts';

const fault = z.object({ code: z.string(), at: z.string(), message: z.string(), hint: z.string() });

const KINDS = new Intl.ListFormat('en').format(nodeKinds.keys());
const MAX_SHOWN = 50;
/** The most nodes for which redundant edges are removed; see MAX_REDUCED of check.ts. */
const MAX_OPTIMISED = 2_000;

const input = z
  .strictObject({
    nodes: nodesInput.optional(),
    graph: z.string().max(64).optional().describe('Instead of nodes: a saved name or a hash'),
    name: z.string().max(200).optional().describe('What it is; default save_as'),
    description: z.string().max(2_000).optional(),
    defaults: defaultsInput.optional(),
    max_parallel: maxParallelInput.optional(),
    on_failure: onFailureInput.optional(),
    deadline: z.string().max(40).optional().meta({ listed: false }),
    wall_s: z.number().optional().meta({ listed: false }),
    output: z.unknown().optional().meta({ listed: false }),
    optimise: z.boolean().default(false).describe('Leave out needs that others imply'),
    save_as: z.string().max(64).optional().describe('Keeps it by name if sound'),
    mermaid: z.boolean().default(false),
    draw: z.enum(['mermaid', 'dot']).optional(),
    request_id: requestInput,
  })
  .superRefine((given, context) => {
    const both = given.nodes !== undefined && given.graph !== undefined;
    if (both || (given.nodes === undefined && given.graph === undefined)) {
      context.addIssue({ code: 'custom', path: ['nodes'], message: 'give exactly one of nodes and graph' });
    }
    if (given.save_as !== undefined && !isId(given.save_as)) {
      context.addIssue({
        code: 'custom',
        path: ['save_as'],
        message: `expected ${ID_RULE}`,
      });
    }
  });
type Input = z.output<typeof input>;

export const graphCheck = defineTool({
  name: 'graph_check',
  title: 'Check a graph',
  toolset: 'run',
  description:
    `Use before run_start: checks a dependency graph of ${KINDS} nodes, names every fault at once with a hint, and ` +
    'answers the hash that run_start takes. Example node: ' +
    '{"id":"test","kind":"command","command":["npm","test"],"needs":["build"]}. More fields (trigger, ' +
    'when, map, those of other kinds): resource baton://docs/graphs. ' +
    'Answers {ok, hash, nodes, edges, levels, widest, parallel_share, speed_up, forecast?, critical_path, errors, ' +
    'warnings, removed_edges?, mermaid?, dot?, saved?}.',
  searchHint: 'graph dag workflow plan check validate nodes dependencies save',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nodes, or leave out mermaid' },
  input,
  output: z.object({
    ok: z.boolean(),
    hash: z.string().optional().describe('For run_start; absent while it is not sound'),
    nodes: z.number().int(),
    edges: z.number().int(),
    levels: z.number().int(),
    widest: z.number().int(),
    parallel_share: z.number(),
    speed_up: z.number(),
    forecast: z.unknown().optional(),
    critical_path: z.array(z.string()),
    errors: z.array(fault),
    warnings: z.array(fault),
    cut: z.string().optional(),
    removed_edges: z.array(z.string()).optional(),
    mermaid: z.string().optional(),
    dot: z.string().optional(),
    saved: z.string().optional(),
  }),
  faults: (given) => {
    if (given.nodes === undefined) return [];
    const { errors } = checkGraph(merged({ name: given.save_as ?? 'graph', nodes: given.nodes }, given), nodeKinds);
    return plain(errors).map(({ at, message, hint }) => ({ at, why: `${message}; ${hint}` }));
  },
  async run(given, call: Call<Services>) {
    const found = await definition(given, call.services);
    if (!found.ok) return found;
    const { graph, removed } = given.optimise ? optimised(found.value) : { graph: found.value, removed: undefined };
    const report = await checked(graph, call.services);
    const hash = report.ok ? call.services.documents.definitions.put(graph).hash : undefined;
    let replayed = false;
    if (hash !== undefined && given.save_as !== undefined) {
      const kept = { name: given.save_as, hash };
      const saved = await changeInSession(call, 'graph_check', given, () => (tx, ctx) => saveGraph(tx, ctx, kept));
      if (!saved.ok) return saved;
      replayed = saved.value.replayed;
    }
    const drawn = report.ok ? drawing(given, graph) : undefined;
    const { cut, errors, warnings, critical_path, ...rest } = report;
    const refused = refusedNodes(graph, call.services.settings).map(({ code, nodes, message }) => {
      return { code, at: nodes.join(', '), message, hint: 'other servers may admit them; run_start says the same' };
    });
    const path = critical_path.length > MAX_SHOWN ? critical_path.slice(0, MAX_SHOWN) : critical_path;
    const cuts = [
      ...(cut === undefined ? [] : [`${cut} more faults`]),
      ...(path === critical_path ? [] : [`${critical_path.length - MAX_SHOWN} more nodes of critical_path`]),
    ];
    return ok({
      ...rest,
      ...(hash === undefined ? {} : { hash }),
      critical_path: path,
      errors: plain(errors),
      warnings: [...plain(warnings), ...refused],
      ...(cuts.length === 0 ? {} : { cut: cuts.join(', ') }),
      ...(removed === undefined ? {} : { removed_edges: removed.slice(0, MAX_SHOWN) }),
      ...drawn,
      ...(hash !== undefined && given.save_as !== undefined ? { saved: given.save_as } : {}),
      ...(replayed ? { replayed } : {}),
    });
  },
});

async function definition(given: Input, services: Services): Promise<Result<AnyGraph>> {
  if (given.graph !== undefined) {
    const found = await findGraph(services, given.graph);
    return found.ok ? ok(merged(found.value.prepared.graph, given)) : found;
  }
  if (given.nodes === undefined) return fail({ code: 'invalid-input', issues: [{ at: 'nodes', why: 'required' }] });
  return ok(merged({ name: given.save_as ?? 'graph', nodes: given.nodes }, given));
}

/** The report of the graph, with the faults of the graphs that it names. */
async function checked(graph: AnyGraph, { documents }: Services): Promise<GraphReport> {
  const report = checkGraph(graph, nodeKinds);
  if (!graph.nodes.some(({ kind }) => kind === 'graph')) return report;
  const inner = await documents.read((view) => {
    const find = (named: string): { hash: string; graph: AnyGraph } | undefined => {
      const hash = isHash(named) || !isId(named) ? named : view.get<SavedGraph>(graphStream(named))?.hash;
      const found = hash === undefined || !isHash(hash) ? undefined : documents.definitions.get(hash);
      return hash === undefined || found === undefined ? undefined : { hash, graph: found.prepared.graph };
    };
    const prefix = graphStream('');
    return checkInner(graph, { find, names: () => view.streams(prefix).map((name) => name.slice(prefix.length)) });
  });
  return inner.length === 0 ? report : { ...report, ok: false, errors: [...report.errors, ...inner] };
}

/** The graph as text in the language asked for. */
function drawing({ mermaid: isMermaid, draw }: Input, graph: AnyGraph): { [name: string]: string } | undefined {
  const language = draw ?? (isMermaid ? 'mermaid' : undefined);
  if (language === undefined) return undefined;
  const text = language === 'dot' ? dot(graph, nodeKinds) : mermaid(graph, nodeKinds);
  return text === undefined ? { note: 'too many nodes to draw' } : { [language]: text };
}

function isHash(named: string): boolean {
  return /^[0-9a-f]{64}$/.test(named);
}

/**
 * The base with the given fields replaced. Through JSON, so that undefined fields are absent; checkGraph checks the
 * result.
 */
function merged(base: object, given: Input): AnyGraph {
  const { name, description, defaults, max_parallel, on_failure, deadline, wall_s, output } = given;
  const fields = { name, description, defaults, max_parallel, on_failure, deadline, wall_s, output };
  const own = JSON.parse(JSON.stringify(fields));
  return JSON.parse(JSON.stringify({ ...base, ...own }));
}

/** The graph without needs that longer paths imply. A graph with faults or triggers stays unchanged. */
function optimised(graph: AnyGraph): { graph: AnyGraph; removed: string[] } {
  const links = link(graph.nodes);
  const order = topologicalOrder(links);
  const size = graph.nodes.length;
  const isFixed = size > Math.min(MAX_OPTIMISED, MAX_NODES) || graph.nodes.some(hasTrigger);
  if (isFixed || order.length < size) return { graph, removed: [] };
  const drop = new Map<number, Set<string>>();
  const removed = redundantEdges(links, order).map(([node, need]) => {
    const name = links.ids[need] ?? '';
    drop.set(node, (drop.get(node) ?? new Set()).add(name));
    return `${links.ids[node]} → ${name}`;
  });
  const nodes = graph.nodes.map((node, i) => {
    const gone = drop.get(i);
    return gone === undefined ? node : { ...node, needs: (node.needs ?? []).filter((need) => !gone.has(need)) };
  });
  return { graph: { ...graph, nodes }, removed };
}

function plain(faults: readonly Fault[]): Fault[] {
  return faults.map(({ code, at, message, hint }) => {
    // Faults quote the graph, which is foreign text.
    return { code, at: visible(at), message: visible(message.slice(0, 500)), hint: visible(hint) };
  });
}
