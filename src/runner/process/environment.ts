// The environment variables of a process that the runner starts. Called by executors.

import { mayBeSet } from '../../graph/kinds/variables.ts';

/** Variables that programs need to find their files and to print; none holds a secret. */
const PASSED = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TMPDIR', 'TZ', 'CI']);
/** The same for Windows, where hardly a program starts without them. */
const PASSED_ON_WINDOWS = new Set(['SYSTEMROOT', 'COMSPEC', 'PATHEXT', 'TEMP', 'TMP', 'USERPROFILE', 'APPDATA']);

/**
 * The environment of a process: the passed variables of `base` (this process's own), and those of the node that are
 * plain or `admitted`. Any other is left out, even if the definition was never checked.
 */
export function scrubbedEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  own: Readonly<Record<string, string>> = {},
  admitted: readonly string[] = [],
): Record<string, string> {
  const scrubbed: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    const passed = PASSED.has(name) || name.startsWith('LC_') || PASSED_ON_WINDOWS.has(name.toUpperCase());
    if (passed && value !== undefined) scrubbed[name] = value;
  }
  for (const [name, value] of Object.entries(own)) {
    if (mayBeSet(name, value, admitted)) scrubbed[name] = value;
  }
  return scrubbed;
}
