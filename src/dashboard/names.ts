// Names of the views, apart from the views themselves: whoever offers them to be chosen need not load them.

export const VIEW_NAMES = [
  'team',
  'sprint',
  'leadership',
  'config',
  'agents',
  'resources',
  'runs',
  'cache',
  'metrics',
  'health',
] as const;
export type ViewName = (typeof VIEW_NAMES)[number];
