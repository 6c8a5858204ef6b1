// Every group of rows, in the order of the table.

import type { RowGroup } from '../lib/measure.ts';
import { startRows } from './start.ts';
import { getUnderWritesRows, stdioRows } from './stdio.ts';

export const rowGroups: Record<string, RowGroup> = {
  stdio: stdioRows,
  'get under writes': getUnderWritesRows,
  start: startRows,
};
