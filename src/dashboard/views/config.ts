// The dashboard view `config`: the settings of the process that answers, and those of the project's document.

import { projectStream } from '../../domain/project/document.ts';
import { isObject, type Json } from '../../json/json.ts';
import type { Source } from '../../views/source.ts';
import { columns, type DashboardView, type Row } from '../define.ts';

const COLUMNS = columns({ setting: 'id', value: 'text' });
const MAX_DEPTH = 3;
const MAX_VALUE = 200;

export const config: DashboardView = {
  name: 'config',
  title: 'Configuration',
  sections: (source) => [
    { name: 'server', title: 'This server', columns: COLUMNS, rows: serverRows(source), half: true },
    { name: 'project', title: 'Project', columns: COLUMNS, rows: projectRows(source), half: true },
  ],
};

function serverRows({ process, store }: Source): Row[] {
  const rows = Object.entries({
    version: process.version,
    store: store.kind,
    durability: store.durability,
    ...process.settings,
  });
  return rows.map(([setting, value]) => ({ setting, value: String(value) }));
}

/** The leaves of the project's document by their path, down to MAX_DEPTH. */
function projectRows({ view, project }: Source): Row[] {
  const doc = view.get<{ [key: string]: Json }>(projectStream(project.id));
  // Settings are shown without the prefix `config.`, which would say nothing.
  const { config = {}, ...facts } = doc ?? {};
  return [...leaves(facts, '', 0), ...(isObject(config) ? leaves(config, '', 0) : [])];
}

function leaves(value: Readonly<object>, path: string, depth: number): Row[] {
  return Object.entries(value).flatMap(([key, item]): Row[] => {
    const at = path === '' ? key : `${path}.${key}`;
    if (isObject(item) && Object.keys(item).length > 0 && depth < MAX_DEPTH) return leaves(item, at, depth + 1);
    const text = typeof item === 'string' ? item : JSON.stringify(item);
    return [{ setting: at, value: text.slice(0, MAX_VALUE) }];
  });
}
