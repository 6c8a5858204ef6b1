// Takes a view of a run rig's documents, as dashboard_get does. Used by the tests of views.

import { boardOf, takeView } from '../../src/dashboard/board.ts';
import type { DashboardView, Row } from '../../src/dashboard/define.ts';
import type { Definitions } from '../../src/documents/definitions.ts';
import type { Documents } from '../../src/documents/documents.ts';
import { alertFacts } from '../../src/views/health/alert-facts.ts';
import { checksOf } from '../../src/views/health/alerts.ts';
import { PlanIndex } from '../../src/views/plan/plan-index.ts';
import type { Source } from '../../src/views/source.ts';

interface Place {
  documents: Documents;
  graphs: Definitions;
  clock: { now: number };
}

/** The rows of each section, alerts included, by its name. */
export function rowsOf(place: Place, view: DashboardView, more: Partial<Source> = {}): Map<string, Row[]> {
  const { documents, graphs, clock } = place;
  const plans = new PlanIndex(documents);
  const sections = documents.peek((found) => {
    const facts = {
      view: found,
      now: clock.now,
      presence: documents.presence,
      project: { id: 'prj', name: 'demo' },
      store: documents.store.info(),
      plan: () => plans.at(found),
      served: () => documents.presence.served(),
      graph: (hash: string) => graphs.get(hash),
      ...more,
    };
    const taken = takeView(view, {
      ...facts,
      got: () => new Map(),
      checks: () => checksOf(alertFacts(facts)),
      process: { version: '0', pid: 1, uptime_ms: 1, rss_bytes: 1, heap_bytes: 1, settings: {}, caches: [] },
    });
    return boardOf(taken, 1_000).sections;
  });
  return new Map(sections.map(({ name, rows }) => [name, [...rows]]));
}
