// Every group of rows, in the order of the table. Used by run.ts.

import type { RowGroup } from '../lib/measure.ts';
import { claimantRows } from './claimants.ts';
import { coldRows } from './cold.ts';
import { graphRows } from './graphs.ts';
import { hookRows } from './hooks.ts';
import { largeRows } from './large.ts';
import { planRows } from './plans.ts';
import { killRows, processRows, slowDeciderRows } from './processes.ts';
import { crowdRows, heapRows, longLogRows, sizeRows } from './sizes.ts';
import { startRows } from './start.ts';
import { getUnderWritesRows, stdioRows } from './stdio.ts';

export const rowGroups: Record<string, RowGroup> = {
  stdio: stdioRows,
  'get under writes': getUnderWritesRows,
  processes: processRows,
  'cold servers': coldRows,
  'slow decider': slowDeciderRows,
  kills: killRows,
  sizes: sizeRows,
  start: startRows,
  hook: hookRows,
  'long log': longLogRows,
  heap: heapRows,
  crowd: crowdRows,
  plans: planRows,
  graphs: graphRows,
  claimants: claimantRows,
  'large store': largeRows,
};
