// The verb `statusline`: prints one line for a client, which runs it again and again with JSON about its session on
// stdin. An error makes the line short or empty, never a failure. Loads no schemas, protocol or logging, to be fast.

import { openOffline } from '../../admin/file/open.ts';
import { placed } from '../../app/moved-project.ts';
import { SessionBinding } from '../../app/session-binding.ts';
import { findWorkspace } from '../../app/workspace.ts';
import type { Config } from '../../config/config.ts';
import { type LinePart, lineParts, renderLine } from '../../dashboard/status-line.ts';
import { FailureError } from '../../failure/failure.ts';
import { isObject } from '../../json/json.ts';
import { alertFacts } from '../../views/health/alert-facts.ts';
import { checksOf } from '../../views/health/alerts.ts';
import { PlanIndex } from '../../views/plan/plan-index.ts';
import { complain, exitCodes } from '../complain.ts';
import { hasStore, jsonFromClient, textIn } from '../from-client.ts';
import { painter } from '../paint.ts';
import { readArguments } from '../verb-arguments.ts';

const STDIN = { ms: 500, chars: 1_000_000 };
/** The width if neither a flag, nor COLUMNS, nor a terminal gives one. */
const WIDTH = 120;

/** Resolves to 0, except for arguments that are not understood. */
export async function run(args: string[], config: Config): Promise<number> {
  const read = readArguments(args, { switches: ['color'], counts: ['width'] });
  if (!read.ok) return complain(read.failure);
  const width = read.value.count('width') ?? config.columns ?? (process.stdout.columns || WIDTH);
  const paint = process.stdout.isTTY || read.value.has('color') ? painter() : undefined;
  const parts = await partsOrTrouble(config);
  process.stdout.write(`${renderLine(parts, width, paint)}\n`);
  return exitCodes.done;
}

async function partsOrTrouble(config: Config): Promise<LinePart[]> {
  try {
    const told = await jsonFromClient(process.stdin, STDIN);
    return hasStore(config.stateDir) ? await look(withTold(config, told)) : [];
  } catch (error) {
    const known = error instanceof FailureError;
    return known ? [{ text: `baton: ${error.failure.code}, see baton doctor`, tone: 'bad' }] : [];
  }
}

async function look(config: Config): Promise<LinePart[]> {
  const { stateDir: dir, durability, forceNetworkFs, user, session, clientSession } = config;
  const { root: _, ...found } = findWorkspace(config.projectDir, config.home);
  const documents = openOffline({ dir, durability, forceNetworkFs });
  const workspace = documents.peek((view) => placed(view, found));
  try {
    const binding = { user, session, clientSession, workspace, serves: false, readOnly: true };
    const bound = await new SessionBinding(documents, binding).ensure();
    const plans = new PlanIndex(documents);
    const { presence } = documents;
    return await documents.read((view) => {
      const now = Date.now();
      const plan = plans.at(view);
      const project = { id: workspace.project };
      const store = documents.store.info();
      const runs = { served: () => presence.served(), graph: (hash: string) => documents.definitions.get(hash) };
      const checks = checksOf(alertFacts({ view, now, presence, project, store, plan: () => plan, ...runs }));
      const viewScope = { project: workspace.project, now, presence };
      return lineParts({ view, viewScope, session: bound.ok ? bound.value : undefined, checks, plan });
    });
  } finally {
    await documents.close();
  }
}

/** The settings with the session and directory that the client's JSON names; a directory named by a flag stays. */
function withTold(config: Config, told: Record<string, unknown>): Config {
  const workspace = isObject(told.workspace) ? told.workspace : {};
  const clientSession = textIn(told.session_id) ?? config.clientSession;
  const directory = textIn(workspace.project_dir) ?? textIn(workspace.current_dir) ?? textIn(told.cwd);
  const unnamed = config.projectDir === config.cwd;
  return {
    ...config,
    projectDir: unnamed && directory?.startsWith('/') ? directory : config.projectDir,
    ...(clientSession === undefined ? {} : { clientSession }),
  };
}
