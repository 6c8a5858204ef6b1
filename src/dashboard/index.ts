// Every dashboard view, by name. Used by tools/dashboard-get.ts, the prompt dashboard and the verb watch.

import type { DashboardView } from './define.ts';
import type { ViewName } from './names.ts';
import { agents } from './views/agents.ts';
import { cache } from './views/cache.ts';
import { config } from './views/config.ts';
import { epics } from './views/epics.ts';
import { health } from './views/health.ts';
import { leadership } from './views/leadership.ts';
import { metrics } from './views/metrics.ts';
import { resources } from './views/resources.ts';
import { runs } from './views/runs.ts';
import { sprint } from './views/sprint.ts';
import { team } from './views/team.ts';

export const dashboardViews: Record<ViewName, DashboardView> = {
  team,
  sprint,
  epics,
  leadership,
  config,
  agents,
  resources,
  runs,
  cache,
  metrics,
  health,
};
