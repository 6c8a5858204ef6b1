// plan_list of the registry's kinds: agents, commands, tools, templates, MCP servers. Live agents are listed even if
// they are not registered.

import { REGISTRY_KINDS, type RegistryKind } from '../../../domain/team/registry.ts';
import type { Json, JsonObject } from '../../../json/json.ts';
import { type RegistryRow, registryRows } from '../../team/registry.ts';
import { line } from '../show.ts';
import type { ListKind } from './define.ts';

/** The most characters of a text field. */
const TEXT_CHARS = 500;
const STATUSES = ['available', 'live', 'retired'] as const;

function kindOf(kind: RegistryKind): ListKind {
  return {
    kind,
    statuses: kind === 'agent' ? STATUSES : ['retired'],
    takes: [],
    list: ({ view, now, lastSeen, served }, { project, status, text, limit, after }) => {
      const all = registryRows(
        view,
        kind,
        { project, now, presence: { lastSeen, served } },
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

/** A copy whose strings, which agents wrote, are inert lines. */
function inert(row: RegistryRow): JsonObject {
  const shown = Object.entries(row).map(([key, value]): [string, Json] => {
    if (Array.isArray(value)) return [key, value.map((one) => line(one))];
    return [key, typeof value === 'string' ? line(value, TEXT_CHARS) : value];
  });
  return Object.fromEntries(shown);
}

export const registeredKinds: readonly ListKind[] = REGISTRY_KINDS.map(kindOf);
