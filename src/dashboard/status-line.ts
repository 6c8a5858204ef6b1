// The status line of a session: its name, alerts, unread mail, offers of work, the sprint, its claims and the runs. A
// list of parts in order of urgency, because a narrow line is cut at the end. Used by cli/verbs/statusline.ts.

import type { View } from '../documents/documents.ts';
import { showId } from '../domain/plan/ids.ts';
import type { Check } from '../views/health/alerts.ts';
import { currentSprint } from '../views/plan/current-sprint.ts';
import type { PlanFacts } from '../views/plan/plan-index.ts';
import { scopeOf } from '../views/plan/sprint-facts.ts';
import { openRuns } from '../views/run/runs.ts';
import { claimsOf } from '../views/session/claims.ts';
import { factsOf, pendingHandoffs } from '../views/session/sessions.ts';
import { UNREAD_COUNTED, unreadCount } from '../views/team/mail.ts';
import type { ViewScope } from '../views/team/people.ts';
import type { Paint, Tone } from './formats/define.ts';
import { plain, startOf, widthOf } from './measure.ts';

export interface LinePart {
  text: string;
  tone?: Tone;
}

export interface LineSource {
  view: View;
  viewScope: ViewScope;
  /** Undefined if there is no session yet. */
  session: string | undefined;
  checks: readonly Check[];
  plan: PlanFacts;
}

const GAP = ' · ';

/** The parts of the line; a part without content is left out. */
export function lineParts({ view, viewScope, session, checks, plan }: LineSource): LinePart[] {
  const own = session === undefined ? [] : [sessionPart(view, session)];
  const [mail, claims] =
    session === undefined
      ? [[], []]
      : [[...mailPart(view, session, viewScope), ...offerPart(view, session)], claimsPart(view, session, viewScope)];
  return [
    ...own,
    ...alertPart(checks),
    ...mail,
    ...sprintPart(view, plan, { project: viewScope.project, session }),
    ...claims,
    ...runsPart(view, viewScope),
  ];
}

/** The parts as one line of at most `width` columns. */
export function renderLine(parts: readonly LinePart[], width: number, paint: Paint = (text) => text): string {
  const texts = parts.flatMap(({ text, tone }, at) => {
    const part = { text: plain(text), tone };
    return at === 0 ? [part] : [{ text: GAP, tone: 'dim' as const }, part];
  });
  const fits = widthOf(texts.map(({ text }) => text).join('')) <= width;
  let left = fits ? width : width - 1;
  let line = '';
  for (const { text, tone } of texts) {
    const shown = startOf(text, left);
    if (shown !== '') line += tone === undefined ? shown : paint(shown, tone);
    left -= widthOf(shown);
    if (shown !== text) break;
  }
  return fits || width < 1 ? line : `${line}…`;
}

function sessionPart(view: View, session: string): LinePart {
  const facts = factsOf(view, session);
  return { text: facts === undefined ? session : `${facts.name ?? facts.id} (${facts.mode})`, tone: 'title' };
}

/** The worst check with what it found, the others by name. */
function alertPart(checks: readonly Check[]): LinePart[] {
  const [worst, ...others] = checks.filter(({ state }) => state !== 'ok');
  if (worst === undefined) return [];
  const names = [`! ${worst.check}: ${worst.found}`, ...others.map(({ check }) => check)];
  return [{ text: names.join(', '), tone: worst.state === 'bad' ? 'bad' : 'warn' }];
}

/** Unread mail by the stored cursors, including messages seen but owed an acknowledgement. */
function mailPart(view: View, session: string, { project, now }: ViewScope): LinePart[] {
  const { unread, urgent } = unreadCount(view, { session }, { project, now, got: new Map() });
  if (unread === 0) return [];
  const count = unread >= UNREAD_COUNTED ? `${UNREAD_COUNTED}+` : String(unread);
  return [urgent > 0 ? { text: `${count} unread, ${urgent} urgent`, tone: 'bad' } : { text: `${count} unread` }];
}

/** Handoffs that the session may accept. */
function offerPart(view: View, session: string): LinePart[] {
  const offers = pendingHandoffs(view, session).length;
  if (offers === 0) return [];
  return [{ text: offers === 1 ? '1 offer of work' : `${offers} offers of work`, tone: 'warn' }];
}

function sprintPart(view: View, plan: PlanFacts, of: { project: string; session: string | undefined }): LinePart[] {
  const sprint = currentSprint(plan, view, of);
  if (sprint === undefined) return [];
  const done = plan.tasks.set(sprint.id, 'done').size;
  return [{ text: `${showId(sprint.id)} ${done}/${scopeOf(plan, sprint.id).tasks}` }];
}

function claimsPart(view: View, session: string, { presence, now }: ViewScope): LinePart[] {
  const held = claimsOf(view, session, presence, now).filter(({ state }) => state !== 'lost').length;
  return held === 0 ? [] : [{ text: held === 1 ? '1 claim' : `${held} claims` }];
}

function runsPart(view: View, { project }: ViewScope): LinePart[] {
  const live = openRuns(view, project).length;
  return live === 0 ? [] : [{ text: live === 1 ? '1 run' : `${live} runs` }];
}
