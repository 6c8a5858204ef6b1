// dashboard_get: shows the state of the work as rows, a screen, a page, or figures for another program.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { sourceOf } from '../app/view-source.ts';
import { cutOf, fitted, type Taken, takeView } from '../dashboard/board.ts';
import type { Board } from '../dashboard/define.ts';
import { FORMAT_NAMES, formats } from '../dashboard/formats/index.ts';
import { dashboardViews } from '../dashboard/index.ts';
import { VIEW_NAMES } from '../dashboard/names.ts';
import type { View } from '../documents/documents.ts';
import { ok } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import { type Call, defineTool } from './define.ts';

/** The longest answer in characters of JSON: 4,000 tokens less the members that any answer may have. */
const ANSWER_CHARS = 15_000;
/** Rows of a section by detail. */
const BRIEF_ROWS = 10;
const FULL_ROWS = 1_000;

const input = z.strictObject({
  view: z.enum(VIEW_NAMES).default('team'),
  format: z.enum(['rows', ...FORMAT_NAMES]).default('rows'),
  detail: z.enum(['brief', 'full']).optional().describe(`brief: ${BRIEF_ROWS} rows a section`),
  width: z.number().int().min(40).max(200).default(80),
});
type Input = z.output<typeof input>;

export const dashboardGet = defineTool({
  name: 'dashboard_get',
  title: 'See the dashboard',
  toolset: 'ops',
  description:
    'Use to see at a glance what goes on and what is not well: the team, its sprint and runs, decisions, who is ' +
    'there, health with what to do, figures, settings. ' +
    'Show format text to a person as it is. Answers {view, at, seq, rows? [{section, …}] or text?, next?, cut?}; ' +
    'cut names what was left out and the call that has it.',
  searchHint: 'dashboard overview status health metrics agents runs monitor prometheus csv',
  annotations: { readOnly: true, destructive: false, idempotent: true },
  answers: { narrow: 'view, or pass detail brief' },
  positional: ['view'],
  printed: 'text',
  input,
  output: z.object({
    view: z.string(),
    at: z.string(),
    rows: z.array(z.record(z.string(), z.unknown())).optional(),
    text: z.string().optional(),
    next: z.string().optional().describe('What to do now'),
    cut: z.string().optional(),
    seq: z.number().int(),
  }),
  async run(given, call: Call<Services>) {
    const view = dashboardViews[given.view];
    const sourced = await sourceOf(call.services, view.needsLog === true);
    const shown = shownOf(given);
    const take = (documents: View) => takeView(view, sourced(documents, Date.now()), shown.most);
    return ok(answerOf(await call.services.documents.read(take), given, shown));
  },
});

type Answer = {
  view: string;
  at: string;
  seq: number;
  rows?: Record<string, Json>[];
  text?: string;
  next?: string;
  cut?: string;
};

interface Shown {
  detail: 'brief' | 'full';
  /** Rows of a section. */
  most: number;
}

function shownOf(given: Input): Shown {
  const forPeople = given.format === 'rows' || given.format === 'text' || given.format === 'markdown';
  const detail = given.detail ?? (forPeople ? 'brief' : 'full');
  return { detail, most: detail === 'full' ? FULL_ROWS : BRIEF_ROWS };
}

function answerOf(taken: Taken, given: Input, { detail, most }: Shown): Answer {
  const render = (board: Board): Answer => {
    const { view, at, seq, hint } = board;
    const left = cutOf(board, detail === 'full' ? undefined : `dashboard_get {"view": "${view}", "detail": "full"}`);
    const rest = {
      ...(hint === undefined || given.format !== 'rows' ? {} : { next: hint }),
      ...(left === undefined ? {} : { cut: left }),
    };
    const head = { view, at, seq };
    if (given.format === 'rows') return { ...head, rows: rowsOf(board), ...rest };
    const text = formats[given.format](board, { width: given.width, now: taken.source.now });
    return { ...head, text, ...rest };
  };
  return fitted(taken, most, render, (answer) => JSON.stringify(answer).length <= ANSWER_CHARS).rendered;
}

/** All rows in one list; each names its section if there are several. */
function rowsOf(board: Board): Record<string, Json>[] {
  const many = board.sections.length > 1;
  return board.sections.flatMap(({ name, rows }) =>
    rows.map((row): Record<string, Json> => {
      const cells = Object.entries(row).flatMap(([key, cell]): [string, Json][] =>
        cell === undefined ? [] : [[key, cell]],
      );
      return { ...(many ? { section: name } : {}), ...Object.fromEntries(cells) };
    }),
  );
}
