// How runs stand for the tools on runs: views/run/standing.ts with what this process sees of others.

import type { Documents } from '../../documents/documents.ts';
import { type RunDocument, runStream } from '../../domain/run/document.ts';
import { type Standing, standingOf } from '../../views/run/standing.ts';

/** The standing of runs at this moment: presence is read at most once. */
export function standings({ presence, definitions }: Documents): (run: Readonly<RunDocument>) => Standing {
  let found: ReadonlySet<string> | undefined;
  const served = (): ReadonlySet<string> => {
    found ??= presence.served();
    return found;
  };
  const seen = { now: Date.now(), presence, served, graph: (hash: string) => definitions.get(hash) };
  return (run) => standingOf(run, seen);
}

/** The standing of one run; undefined if there is none. */
export function standing(id: string, documents: Documents): Standing | undefined {
  const run = documents.peek((view) => view.get<RunDocument>(runStream(id)));
  return run === undefined ? undefined : standings(documents)(run);
}
