// Every tool, by name. Loaded at the first call (cli/serve.ts) and by scripts/gen.ts.

import type { Ports } from '../ports.ts';
import type { Tool } from './define.ts';

export const tools: readonly Tool<Ports>[] = [];
