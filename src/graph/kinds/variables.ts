// Environment variables that a graph may not set. Called by the kind `command`, and again by
// runner/process/environment.ts when a process starts.

/**
 * Variables that choose which program runs or load code into it: with them a graph could run programs that the
 * allow-list does not admit. This is no sandbox: an admitted program may run others.
 */
const CHOOSES_CODE = new Set(
  (
    'PATH PATHEXT COMSPEC SHELL IFS ENV BASH_ENV SHELLOPTS BASHOPTS NODE_OPTIONS NODE_PATH PYTHONPATH PYTHONHOME ' +
    'PYTHONSTARTUP PERL5LIB PERL5OPT RUBYLIB RUBYOPT JAVA_TOOL_OPTIONS CLASSPATH EDITOR VISUAL PAGER'
  ).split(' '),
);
const CHOOSES_CODE_BY_PREFIX = ['LD_', 'DYLD_', 'GIT_', 'BASH_FUNC_', 'NPM_CONFIG_'];

/** Why a graph may not set this variable; undefined if it may. */
export function refusedVariable(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'the name is not letters, digits and underscores';
  const upper = name.toUpperCase();
  const chooses = CHOOSES_CODE.has(upper) || CHOOSES_CODE_BY_PREFIX.some((prefix) => upper.startsWith(prefix));
  return chooses ? 'it can make a program run other code than the allow-list admits' : undefined;
}
