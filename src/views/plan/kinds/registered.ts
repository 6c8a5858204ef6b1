// plan_list of what is registered: agents, commands, tools, templates, MCP servers. Agents that merely are there appear
// too.

import { REGISTRY_KINDS, type RegistryKind } from '../../../domain/team/registry.ts';
import type { Json, JsonObject } from '../../../json/json.ts';
import { type RegistryRow, registryRows } from '../../team/registry.ts';
import { line } from '../show.ts';
import type { ListKind } from './define.ts';

/** Of a description or usage. */
const TEXT_CHARS = 500;
const STATUSES = ['available', 'live', 'retired'] as const;

function kindOf(kind: RegistryKind): ListKind {
  return {
    kind,
    statuses: kind === 'agent' ? STATUSES : ['retired'],
    takes: [],
    list: ({ view, now, lastSeen }, { project, status, text, limit, after }) => {
      const all = registryRows(
        view,
        kind,
        { project, now, presence: { lastSeen } },
        { text, retired: status === 'retired' },
      );
      const wanted = all.filter((row) => {
        if (status === 'available') return row.available === true;
        if (status === 'live') return (row.live ?? []).length > 0;
        return status !== 'retired' || row.retired === true;
      });
      const rows = wanted
        .slice(after, after + limit)
        .map((row, index) => ({ place: after + index + 1, row: inert(row) }));
      return { rows, total: wanted.length, more: after + rows.length < wanted.length };
    },
  };
}

/** What others wrote, made fit to be shown. */
function inert(row: RegistryRow): JsonObject {
  const shown = Object.entries(row).map(([key, value]): [string, Json] => {
    if (Array.isArray(value)) return [key, value.map((one) => line(one))];
    return [key, typeof value === 'string' ? line(value, TEXT_CHARS) : value];
  });
  return Object.fromEntries(shown);
}

export const registeredKinds: readonly ListKind[] = REGISTRY_KINDS.map(kindOf);
