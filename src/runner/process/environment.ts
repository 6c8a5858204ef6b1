// Which environment variables a process gets, and which a graph may not set. Called by command.ts and process.ts.

/** What programs need to find their files and to print: nothing here is a secret of the user's. */
const PASSED = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TMPDIR', 'TZ', 'CI']);
/** Their Windows counterparts, without which hardly a program starts there. */
const PASSED_ON_WINDOWS = new Set(['SYSTEMROOT', 'COMSPEC', 'PATHEXT', 'TEMP', 'TMP', 'USERPROFILE', 'APPDATA']);

/**
 * Variables that choose which program runs or load code into it: with them a graph could run what the allow-list does
 * not admit. Not a sandbox: an admitted program may still run others.
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

/**
 * The environment of a process: the passed variables of `base` (this process's own) and the node's. A refused variable
 * of the node's is left out even if the definition was never checked.
 */
export function scrubbedEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  own: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const scrubbed: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    const passed = PASSED.has(name) || name.startsWith('LC_') || PASSED_ON_WINDOWS.has(name.toUpperCase());
    if (passed && value !== undefined) scrubbed[name] = value;
  }
  for (const [name, value] of Object.entries(own)) {
    if (refusedVariable(name) === undefined && !value.includes('\0')) scrubbed[name] = value;
  }
  return scrubbed;
}
