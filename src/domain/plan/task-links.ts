// Resolves the sprint, epic, parent and needs that a caller named for a task, and checks that each may be linked to.
// Called by the commands that save tasks, plans and sprints.

import { fail, ok, type Result } from '../../failure/failure.ts';
import type { Transaction } from '../command.ts';
import { findHome, findItem } from './find.ts';
import { showId } from './ids.ts';
import type { Links } from './links.ts';
import { MAX_LINKED, MAX_NEEDS, type TaskDocument } from './task.ts';

/**
 * Links as a caller names them: undefined leaves one as it is, '' clears it. `sprint` may be "backlog", which clears it
 * too.
 */
export interface NamedLinks {
  sprint?: string | undefined;
  epic?: string | undefined;
  parent?: string | undefined;
  needs?: readonly string[] | undefined;
}

export const BACKLOG = 'backlog';
export const NO_LINKS: Links = { needs: [] };

/**
 * The links that a task gets, as stored ids. Links that stay the same are not checked again. Fails as `findItem`, or
 * with `too-large`, or `not-allowed` for a closed sprint or epic.
 */
export function resolveLinks(tx: Transaction, named: NamedLinks, before: Links, project: string): Result<Links> {
  const links: Links = { needs: [...before.needs] };
  const sprint = named.sprint?.toLowerCase() === BACKLOG ? '' : named.sprint;
  for (const [kind, given, old] of [
    ['sprint', sprint, before.sprint],
    ['epic', named.epic, before.epic],
  ] as const) {
    const home = resolve(given, old, (id) => findHome(tx, kind, id, project));
    if (!home.ok) return home;
    if (home.value !== undefined) links[kind] = home.value;
  }
  const parent = resolve(named.parent, before.parent, (id) => linkable(tx, id, project, 'children'));
  if (!parent.ok) return parent;
  if (parent.value !== undefined) links.parent = parent.value;
  if (named.needs === undefined) return ok(links);
  const needs = resolveNeeds(tx, named.needs, before.needs, project);
  return needs.ok ? ok({ ...links, needs: needs.value }) : needs;
}

function resolve(
  given: string | undefined,
  old: string | undefined,
  find: (id: string) => Result<{ id: string }>,
): Result<string | undefined> {
  if (given === undefined || isNamed(old, given)) return ok(old);
  if (given === '') return ok(undefined);
  const found = find(given);
  return found.ok ? ok(found.value.id) : found;
}

/** Whether a caller's text names a stored id: as shown, or as stored. */
function isNamed(stored: string | undefined, text: string): boolean {
  return stored !== undefined && (stored === text || showId(stored) === text.toUpperCase());
}

function resolveNeeds(
  tx: Transaction,
  named: readonly string[],
  before: readonly string[],
  project: string,
): Result<string[]> {
  const needs = new Set<string>();
  for (const id of named) {
    const known = before.find((one) => isNamed(one, id));
    const found = known !== undefined ? ok({ id: known }) : linkable(tx, id, project, 'needed_by');
    if (!found.ok) return found;
    needs.add(found.value.id);
  }
  if (needs.size <= MAX_NEEDS) return ok([...needs]);
  const instead = 'need a task in between, or a parent of several';
  return fail({ code: 'too-large', what: 'the list of needs', limit: MAX_NEEDS, actual: needs.size, instead });
}

/** The task, if another may be linked to it. Fails as `findItem`, or with `too-large`. */
export function linkable(
  tx: Transaction,
  id: string,
  project: string,
  list: 'children' | 'needed_by',
): Result<Readonly<TaskDocument>> {
  const found = findItem(tx, 'task', id, project);
  if (!found.ok || found.value[list].length < MAX_LINKED) return found;
  return fail({
    code: 'too-large',
    what: `what is linked to ${showId(found.value.id)}`,
    limit: MAX_LINKED,
    instead: 'use a task in between',
  });
}
