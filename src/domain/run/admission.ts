// What running servers admit, told to all processes of a store by presence: each server attaches to a key for every
// option that it was started with, so the keys of a server that is gone are gone too. Written by the runner, read by
// views/run/standing.ts.

import { hash } from 'node:crypto';

const PREFIX = 'admits-';

/** The presence key of an option, such as `--allow-commands npm`, of servers of one workspace. */
export function admissionKey(workspace: string, option: string): string {
  return PREFIX + hash('sha256', `${workspace}\n${option}`).slice(0, 24);
}
