// The names of the views, apart from the views, so that a schema or prompt that lists them does not load the views.

export const VIEW_NAMES = [
  'team',
  'sprint',
  'epics',
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
