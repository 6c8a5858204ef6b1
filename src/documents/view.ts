// The view of a read: the documents in memory at the seq that the store has folded. Used by documents.ts.

import type { Snapshot, Store } from '../store/port.ts';
import type { DocumentCache } from './cache.ts';
import type { GroupSource, Groups } from './groups.ts';
import type { View } from './shapes.ts';

export function viewOf(store: Store, cache: DocumentCache, groups: Groups, patient: boolean): View {
  const source: GroupSource = {
    get: (stream) => cache.get(stream) as never,
    lastSeq: (stream) => store.lastSeq(stream),
    streams: (prefix) => store.streams(prefix),
    patient,
  };
  return {
    seq: store.seq(),
    patient,
    get: (stream) => cache.get(stream) as never,
    version: (stream) => store.expected(stream)[0],
    lastSeq: source.lastSeq,
    streams: source.streams,
    streamCounts: () => store.streamCounts(),
    grouped: (grouping, group) => groups.list(grouping, group, source),
    groupSums: (grouping, group) => groups.sums(grouping, group, source),
    groupSize: (grouping, group) => groups.size(grouping, group, source),
  };
}

/** A document as a snapshot at the present end of the log; undefined for a stream without events. */
export function snapshotOf(store: Store, cache: DocumentCache, stream: string): Snapshot | undefined {
  const doc = cache.get(stream);
  const [version, head] = store.expected(stream);
  return doc === undefined ? undefined : { stream, seq: store.lastSeq(stream), version, head, doc };
}
