// Where a process runs: its host, the boot of its machine, its namespace of process numbers. Only within one place does
// a number mean the same process; whether a process of another place lives, nobody can tell. Used by the store, by
// admin/file and by the runner.

import { hash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessPlace {
  host: string;
  /** Changes with every restart of the machine; constant where there is none, as start times are absolute there. */
  boot: string;
  /** The namespace of process numbers, such as `pid:[4026531836]`. Absent on a system without, and in old records. */
  ns?: string;
}

/** The boot of a system that does not tell it. */
const UNKNOWN = 'unknown';
const HERE: Readonly<ProcessPlace> = { host: hostname(), boot: bootId(), ...namespaceOf('pid') };
const OWN_TAG = tagOf(HERE);

/** The place of this process. */
export function thisPlace(): Readonly<ProcessPlace> {
  return HERE;
}

/** The place as 8 hex, for names of files and of presence. */
export function placeTag(place: Readonly<ProcessPlace> = HERE): string {
  return place === HERE ? OWN_TAG : tagOf(place);
}

function tagOf({ host, boot, ns = '' }: Readonly<ProcessPlace>): string {
  return hash('sha256', `${host}\n${boot}\n${ns}`).slice(0, 8);
}

/**
 * `here`: process numbers mean the same in both places. `before`: this machine has restarted since, so that no process
 * of then lives. `elsewhere`: another host or namespace, or an old record that names none, so nobody here can tell.
 */
export function whereIs(
  other: Readonly<ProcessPlace>,
  self: Readonly<ProcessPlace> = HERE,
): 'here' | 'before' | 'elsewhere' {
  if (other.host !== self.host) return 'elsewhere';
  if (other.ns !== undefined && other.ns !== self.ns) return 'elsewhere';
  if (other.boot !== self.boot) return 'before';
  return other.ns === self.ns ? 'here' : 'elsewhere';
}

/** A reading of a clock that runs on from the start of the machine and that nobody sets, the same for all processes. */
export interface MachineClock {
  /** Equal for readings that can be compared: of one boot, and one namespace of clocks. */
  name: string;
  ms: number;
}

/** The machine's clock now; undefined on a system that does not tell its boots apart. It stands while that sleeps. */
export function machineClock(): MachineClock | undefined {
  if (HERE.boot === UNKNOWN) return undefined;
  const { ns = '' } = namespaceOf('time');
  return {
    name: hash('sha256', `${HERE.boot}\n${ns}`).slice(0, 8),
    ms: Number(process.hrtime.bigint() / 1_000_000n),
  };
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return UNKNOWN;
  }
}

function namespaceOf(kind: 'pid' | 'time'): { ns?: string } {
  try {
    return { ns: readlinkSync(`/proc/self/ns/${kind}`) };
  } catch {
    return {};
  }
}
