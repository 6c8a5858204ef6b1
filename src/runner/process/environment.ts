// Which environment variables a process of ours gets. Called by process.ts.

import { refusedVariable } from '../../graph/kinds/variables.ts';

/** What programs need to find their files and to print: nothing here is a secret of the user's. */
const PASSED = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TMPDIR', 'TZ', 'CI']);
/** Their Windows counterparts, without which hardly a program starts there. */
const PASSED_ON_WINDOWS = new Set(['SYSTEMROOT', 'COMSPEC', 'PATHEXT', 'TEMP', 'TMP', 'USERPROFILE', 'APPDATA']);

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
