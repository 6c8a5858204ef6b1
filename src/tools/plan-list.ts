// plan_list: lists projects, epics, sprints, tasks and entries of the registry, a page at a time.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { kindOfPlanId } from '../domain/plan/ids.ts';
import { BACKLOG } from '../domain/plan/task-links.ts';
import { statusesMeant } from '../domain/status-words.ts';
import { fail, ok, type Result } from '../failure/failure.ts';
import { epicNamed } from '../views/plan/find-epic.ts';
import type { ListKind, ListPage, ListSource } from '../views/plan/kinds/define.ts';
import { listKinds } from '../views/plan/kinds/index.ts';
import { DETAILS } from '../views/plan/show.ts';
import { type Call, defineTool } from './define.ts';
import { cursorInput, limitInput, offsetOf, seqOutput } from './shared/inputs.ts';
import { withNote } from './shared/note.ts';
import { epicInput, planIdInput, whoInput, withNearItems } from './shared/plan-inputs.ts';
import { fitting } from './shared/shown.ts';

const input = z.strictObject({
  kind: z.enum(listKinds.map(({ kind }) => kind)),
  status: z.string().max(20).optional().describe('One of the kind; also open, archived, for tasks ready'),
  parent: planIdInput.optional().describe('In this sprint, epic, task or backlog'),
  epic: epicInput,
  assignee: whoInput.optional(),
  text: z.string().max(200).optional().describe('Words in title, labels or skills; or an id'),
  detail: z.enum(DETAILS).default('brief'),
  limit: limitInput(20, 100),
  cursor: cursorInput,
});
type Input = z.output<typeof input>;

export const planList = defineTool({
  name: 'plan_list',
  title: 'List projects, epics, sprints, tasks, graphs',
  toolset: 'plan',
  description:
    'Use to find tasks (status "ready": those that can be started), epics, sprints, projects or saved graphs, or to ' +
    'read one in full: {kind, text: "TSK-17", detail: "full"}; an epic comes with people, blockers, what is next. ' +
    'Answers {rows, total, cut?, next_cursor?, note?, seq}.',
  searchHint: 'list find search tasks ready backlog epics sprints projects',
  annotations: { readOnly: true, destructive: false, idempotent: true },
  answers: { narrow: 'limit or detail' },
  positional: ['kind'],
  input,
  output: z.object({
    rows: z.array(z.record(z.string(), z.unknown())),
    total: z.number().int(),
    cut: z.string().optional(),
    next_cursor: z.string().optional(),
    seq: seqOutput,
  }),
  async run(asked, call: Call<Services>) {
    const { documents, plans, workspace } = call.services;
    const kind = listKinds.find((one) => one.kind === asked.kind);
    if (kind === undefined) throw new Error(`no kind ${asked.kind}`);
    const { given, taken } = withStatusRead(kind, asked);
    const fault = ineligibleReason(kind, given);
    if (fault !== undefined) return fault;
    const { detail, limit, status, parent, epic, assignee, text, cursor } = given;
    const answer = await documents.read((view) => {
      const plan = plans.at(view);
      const lastSeen = (who: string) => documents.presence.lastSeen(who);
      const served = () => documents.presence.served();
      const source: ListSource = { view, plan, now: Date.now(), lastSeen, served };
      const above = parent === undefined ? ok(undefined) : parentOf(source, parent, workspace.project);
      if (!above.ok) return above;
      const of = epic === undefined ? ok(undefined) : epicNamed(plan, epic, workspace.project);
      if (!of.ok) return of;
      const after = offsetOf(cursor);
      const within = { parent: above.value, epic: of.value?.id, assignee };
      const query = { project: workspace.project, status, ...within, text, detail, limit, after };
      const page = kind.list(source, query);
      const missed = page.total === 0 && text !== undefined && kindOfPlanId(text) === given.kind;
      if (missed) return fail({ code: 'unknown-item' as const, kind: given.kind, id: text, near: [] });
      return ok(withNote({ ...shown(page), seq: view.seq }, taken));
    });
    return await withNearItems(answer, call.services);
  },
});

/** The rows of a page that fit into an answer. */
function shown({ rows, total, more, note }: ListPage) {
  const fits = fitting(rows.map(({ row }) => row));
  const missing = rows.length - fits.length;
  const last = rows[fits.length - 1];
  return {
    rows: fits,
    total,
    ...(missing > 0 ? { cut: `${missing} rows left out for length; go on with next_cursor` } : {}),
    ...(last !== undefined && (more || missing > 0) ? { next_cursor: String(last.place) } : {}),
    ...(note === undefined ? {} : { note }),
  };
}

/** The query with its status in the kind's own word, and what was taken for it, if only one word is meant. */
function withStatusRead({ statuses }: ListKind, asked: Input): { given: Input; taken?: string } {
  const { status } = asked;
  if (status === undefined || statuses.includes(status)) return { given: asked };
  const [meant, ...more] = meantBy(status, statuses);
  if (meant === undefined || more.length > 0) return { given: asked };
  return { given: { ...asked, status: meant }, taken: `taken: status: ${JSON.stringify(status)} as "${meant}"` };
}

function ineligibleReason({ kind, statuses, takes }: ListKind, given: Input) {
  const issues: { at: string; why: string }[] = [];
  if (given.status !== undefined && !statuses.includes(given.status))
    issues.push({
      at: 'status',
      why:
        statuses.length === 0
          ? `none for kind ${kind}`
          : `expected one of ${statuses.join(', ')}${meantOf(given.status, statuses)}`,
    });
  for (const key of ['parent', 'epic', 'assignee'] as const)
    if (given[key] !== undefined && !takes.includes(key)) issues.push({ at: key, why: `not for kind ${kind}` });
  return issues.length === 0 ? undefined : fail({ code: 'invalid-input', issues });
}

/** The statuses that a word may mean. `open` is many at once, so no other word means it. */
function meantBy(status: string, statuses: readonly string[]): string[] {
  return statusesMeant(
    status,
    status.trim().toLowerCase() === 'open' ? statuses : statuses.filter((s) => s !== 'open'),
  );
}

function meantOf(status: string, statuses: readonly string[]): string {
  const meant = meantBy(status, statuses);
  return meant.length === 0 ? '' : `; did you mean ${meant.join(' or ')}?`;
}

/** The stored id of the sprint, epic or task whose rows are asked for, or "backlog". */
function parentOf({ plan }: ListSource, named: string, project: string): Result<string> {
  if (named.toLowerCase() === BACKLOG) return ok(BACKLOG);
  const kind = kindOfPlanId(named) ?? 'task';
  const row = kind === 'task' ? plan.tasks.named(named, project) : plan[`${kind}s`].named(kind, named, project);
  return row === undefined ? fail({ code: 'unknown-item', kind, id: named, near: [] }) : ok(row.id);
}
