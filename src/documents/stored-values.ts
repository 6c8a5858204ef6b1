// JSON values that documents name by the hash of their blob, such as large outputs. Commands get them by ctx.stored: a
// blob never changes, so a hash names the same value in every process and every try.

import { MAX_TIMER_MS } from '../config/limits.ts';
import { FailureError } from '../failure/failure.ts';
import type { Json } from '../json/json.ts';
import type { Blobs } from '../store/port.ts';
import type { Supplier, Supplies } from './supplies.ts';

export class StoredValues implements Supplier<Buffer> {
  private readonly blobs: Blobs;

  constructor(blobs: Blobs) {
    this.blobs = blobs;
  }

  /**
   * The value that a document names. Throws FailureError `store-damaged` if its blob is gone or damaged. If the blob
   * has to be fetched, `supplies` ends the try and the command decides again.
   */
  named(hash: string, supplies: Supplies): Json {
    const bytes = this.blobs.get(hash) ?? (this.blobs.fetch === undefined ? undefined : supplies.need(this, hash));
    if (bytes !== undefined) return JSON.parse(bytes.toString('utf8'));
    const why = 'a value that a document names is missing, or its bytes have changed';
    throw new FailureError({ code: 'store-damaged', file: `blobs/${hash}`, offset: 0, why });
  }

  async fetch(hashes: ReadonlySet<string>, deadlineAt: number): Promise<ReadonlyMap<string, Buffer>> {
    const signal = AbortSignal.timeout(Math.max(0, Math.min(MAX_TIMER_MS, Math.ceil(deadlineAt - performance.now()))));
    const found = new Map<string, Buffer>();
    const fetchOne = async (hash: string): Promise<void> => {
      const bytes = await this.blobs.fetch?.(hash, signal);
      if (bytes !== undefined) found.set(hash, bytes);
    };
    await Promise.all([...hashes].map(fetchOne));
    return found;
  }
}
