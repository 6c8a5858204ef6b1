// Keeps the beginning and the end of a stream of any length in bounded memory: the first lines tell what was tried, the
// last ones why it failed. Used by process.ts.

import { StringDecoder } from 'node:string_decoder';

export class Capture {
  readonly #headBytes: number;
  readonly #tailBytes: number;
  readonly #head: Buffer[] = [];
  /** The newest chunks; the oldest is dropped once the others fill the tail alone. */
  readonly #tail: Buffer[] = [];
  #inHead = 0;
  #inTail = 0;
  #total = 0;

  /** `maxBytes`: how many bytes are kept, half from each end. */
  constructor(maxBytes: number) {
    this.#headBytes = Math.ceil(maxBytes / 2);
    this.#tailBytes = Math.floor(maxBytes / 2);
  }

  push(chunk: Buffer): void {
    this.#total += chunk.length;
    const room = this.#headBytes - this.#inHead;
    const head = chunk.subarray(0, room);
    if (head.length > 0) {
      this.#head.push(head);
      this.#inHead += head.length;
    }
    const rest = chunk.subarray(head.length);
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#inTail += rest.length;
    for (let [first] = this.#tail; first && this.#inTail - first.length >= this.#tailBytes; [first] = this.#tail) {
      this.#tail.shift();
      this.#inTail -= first.length;
    }
  }

  /** Whether the stream is longer than the kept bytes. */
  get truncated(): boolean {
    return this.#total > this.#headBytes + this.#tailBytes;
  }

  /** The kept bytes as UTF-8, with a line that tells how many are missing. No character is cut in two. */
  text(): string {
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (!this.truncated) return Buffer.concat([head, tail]).toString('utf8');
    const end = tail.subarray(tail.length - this.#tailBytes);
    let from = 0;
    while (from < 3 && ((end[from] ?? 0) & 0b1100_0000) === 0b1000_0000) from++;
    const missing = this.#total - this.#headBytes - this.#tailBytes;
    return `${new StringDecoder('utf8').write(head)}\n… ${missing} bytes cut …\n${end.toString('utf8', from)}`;
  }
}
