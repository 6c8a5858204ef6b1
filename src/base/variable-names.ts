// Names of environment variables that nobody may let a graph set: with them the graph, not the operator of the server,
// would say which programs run. Used by config/config.ts and by graph/kinds/variables.ts.

const NEVER = new Set(
  (
    'HOME USERPROFILE PATH PATHEXT COMSPEC SHELL IFS ENV BASH_ENV SHELLOPTS BASHOPTS NODE_OPTIONS NODE_PATH ' +
    'PYTHONPATH PYTHONHOME PYTHONSTARTUP PERL5LIB PERL5OPT RUBYLIB RUBYOPT JAVA_TOOL_OPTIONS CLASSPATH EDITOR VISUAL ' +
    'PAGER'
  ).split(' '),
);
const NEVER_BY_PREFIX = ['LD_', 'DYLD_', 'GIT_', 'BASH_FUNC_', 'NPM_CONFIG_'];

/** Why no server may admit this variable; undefined if one may. */
export function refusedVariable(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'the name is not letters, digits and underscores';
  const upper = name.toUpperCase();
  const never = NEVER.has(upper) || NEVER_BY_PREFIX.some((prefix) => upper.startsWith(prefix));
  return never ? 'it can make a program run other code than the allow-list admits' : undefined;
}
