// Failures of the store: contention, disks, damage, and stores that must not be opened.

import { visible } from '../base/display.ts';
import { because, type FailureTable } from './table.ts';

type StoreCode =
  | 'contended'
  | 'outcome-unknown'
  | 'no-store'
  | 'store-full'
  | 'store-unwritable'
  | 'store-damaged'
  | 'store-moved'
  | 'store-newer'
  | 'store-unsafe';

/** Damage of the log concerns every later line; that of a document or a blob concerns itself alone. */
function ofLog(file: string): boolean {
  return /\.jsonl(\.gz)?$/.test(file);
}

export const storeFailures: FailureTable<StoreCode> = {
  contended: {
    kind: 'store',
    what: ({ tries }) => `Others changed the same documents ${tries} times in a row`,
    why: ({ streams }) => `nothing was written (${streams.slice(0, 5).map(visible).join(', ')})`,
    next: 'repeat the call',
  },
  'outcome-unknown': {
    kind: 'store',
    what: 'It is not known whether the change was made durable',
    why: because,
    next: 'repeat the call with the same request_id: it takes effect once; `baton doctor` if it stays so',
  },
  'no-store': {
    kind: 'input',
    what: ({ dir }) => `There is nothing here yet: ${visible(dir)} holds no store`,
    why: '',
    next: 'begin with `baton task add "…"`, or let an agent begin: the first call makes the store',
  },
  'store-full': {
    kind: 'store',
    what: 'The store cannot take more',
    why: ({ syscall, errno }) => `${visible(syscall)} failed with ${visible(errno)}; nothing was written`,
    next: 'free space (or the limit that was hit), then repeat the call; reading with state_get still works',
  },
  'store-unwritable': {
    kind: 'store',
    what: 'The store cannot be written',
    why: because,
    next: 'run `baton doctor`, or name another place with --state-dir; what is open can still be read with state_get',
  },
  'store-damaged': {
    kind: 'store',
    what: ({ file, offset }) =>
      ofLog(file)
        ? `The store's log is damaged: ${visible(file)} at byte ${offset}`
        : `A part of the store is damaged: ${visible(file)}`,
    why: because,
    next: ({ file }) =>
      ofLog(file)
        ? 'run `baton doctor`; nothing is written until it is settled, sound parts can still be read with state_get'
        : 'run `baton doctor`; only what needs this part is refused',
  },
  'store-moved': {
    kind: 'store',
    what: 'The store was moved, replaced or deleted while in use',
    why: because,
    next: 'restart the server, then run `baton doctor`',
  },
  'store-newer': {
    kind: 'store',
    what: ({ what }) => `${visible(what)} was written by a newer Baton`,
    why: ({ found, known }) => `it has format ${found}, this version knows up to ${known}`,
    next: 'update Baton, or open another store with --state-dir; `baton doctor` shows both',
  },
  'store-unsafe': {
    kind: 'store',
    what: 'The store is in a place that cannot keep its promises',
    why: because,
    next: ({ how }) => visible(how),
  },
};
