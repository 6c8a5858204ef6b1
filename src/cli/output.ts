// Writes much text to a stream in large pieces, at the reader's pace, and stops once the reader has left (`baton log |
// head`). Used by the verbs export, log and watch.

import type { Writable } from 'node:stream';

const PIECE_BYTES = 64 * 1024;

export class Output {
  private readonly stream: Writable;
  private readonly before: () => void;
  private parts: Buffer[] = [];
  private sizeBytes = 0;
  private closed = false;

  /** `before` is called before each piece is written, and makes durable what it says. */
  constructor(stream: Writable, before: () => void) {
    this.stream = stream;
    this.before = before;
    const gone = () => {
      this.closed = true;
    };
    stream.on('error', gone);
    stream.on('close', gone);
  }

  /** False once the reader has left; further output is pointless. */
  get open(): boolean {
    return !this.closed;
  }

  /** Buffers bytes, which must not change afterwards. Undefined while there is room, else resolves when there is. */
  write(bytes: Buffer): Promise<void> | undefined {
    this.parts.push(bytes);
    this.sizeBytes += bytes.length;
    return this.sizeBytes < PIECE_BYTES ? undefined : this.flush();
  }

  /** Resolves once the buffer is written, or the reader has left. */
  async flush(): Promise<void> {
    if (this.sizeBytes === 0 || this.closed) return;
    const piece = Buffer.concat(this.parts);
    this.parts = [];
    this.sizeBytes = 0;
    this.before();
    // The callback is called on failure too, so a reader that left is noticed before the next piece.
    await new Promise<void>((resolve) => this.stream.write(piece, () => resolve()));
  }
}
