// Much text to stdout: in large pieces, at the reader's pace, and no more once the reader has left (`baton log |
// head`). Used by the verbs export, log and watch.

import type { Writable } from 'node:stream';

const PIECE_BYTES = 64 * 1024;

export class Output {
  private readonly stream: Writable;
  private readonly before: () => void;
  private parts: Buffer[] = [];
  private sizeBytes = 0;
  private closed = false;

  /** `before` is called before each piece leaves: what is said must be durable by then. */
  constructor(stream: Writable, before: () => void) {
    this.stream = stream;
    this.before = before;
    const gone = () => {
      this.closed = true;
    };
    stream.on('error', gone);
    stream.on('close', gone);
  }

  /** False once the reader has left: then nothing more is worth printing. */
  get open(): boolean {
    return !this.closed;
  }

  /**
   * Takes bytes, which must not change afterwards. Undefined while there is room; otherwise resolves when there is
   * again.
   */
  write(bytes: Buffer): Promise<void> | undefined {
    this.parts.push(bytes);
    this.sizeBytes += bytes.length;
    return this.sizeBytes < PIECE_BYTES ? undefined : this.flush();
  }

  /** Resolves once all of it is taken, or the reader has left. */
  async flush(): Promise<void> {
    if (this.sizeBytes === 0 || this.closed) return;
    const piece = Buffer.concat(this.parts);
    this.parts = [];
    this.sizeBytes = 0;
    this.before();
    // The callback comes after a failure too, which is how a reader that left is noticed before the next piece.
    await new Promise<void>((resolve) => this.stream.write(piece, () => resolve()));
  }
}
