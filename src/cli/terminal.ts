// A terminal in which one screen is drawn in place, and whose state is restored however the program ends. Used by
// verbs/watch.ts.

import { writeSync } from 'node:fs';

type ReadStream = typeof process.stdin;
type WriteStream = typeof process.stdout;

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[H\u001b[2J';
const LEAVE = '\u001b[0m\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
/** Clear the rest of a line and of the screen, where the previous frame may have been longer. */
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
/** q, Ctrl-C and Ctrl-D, which are keys and not signals in raw mode. */
const QUIT = ['q', 'Q', '\u0003', '\u0004'];

export interface TerminalEvents {
  quit(): void;
  key(key: string): void;
  resized(): void;
}

export class Terminal {
  private readonly input: ReadStream;
  private readonly output: WriteStream;
  private readonly events: TerminalEvents;
  private entered = false;
  private readonly onKeys = (keys: string): void => {
    for (const key of keys.startsWith('\u001b') ? [keys] : keys) {
      if (QUIT.includes(key)) this.events.quit();
      else this.events.key(key);
    }
  };
  private readonly onResize = (): void => this.events.resized();
  /** Restores the terminal on exit, so that an uncaught exception does not leave it without a cursor. */
  private readonly onExit = (): void => this.restore((text) => writeSync(this.output.fd, text));

  constructor(input: ReadStream, output: WriteStream, events: TerminalEvents) {
    this.input = input;
    this.output = output;
    this.events = events;
  }

  get columns(): number {
    return this.output.columns || 80;
  }

  get rows(): number {
    return this.output.rows || 24;
  }

  enter(): void {
    this.entered = true;
    process.once('exit', this.onExit);
    this.output.write(ENTER);
    this.output.on('resize', this.onResize);
    if (!this.input.isTTY) return;
    this.input.setRawMode(true);
    this.input.setEncoding('utf8');
    this.input.on('data', this.onKeys);
    this.input.on('end', () => this.events.quit());
    this.input.resume();
  }

  /** Replaces the screen. Lines beyond its height are left out, so that it never scrolls. */
  draw(text: string): void {
    const lines = text.split('\n').slice(0, this.rows);
    this.output.write(`${HOME}${lines.join(`${CLEAR_LINE}\r\n`)}${CLEAR_LINE}${CLEAR_BELOW}`);
  }

  leave(): void {
    process.removeListener('exit', this.onExit);
    this.output.removeListener('resize', this.onResize);
    this.restore((text) => this.output.write(text));
  }

  private restore(write: (text: string) => void): void {
    if (!this.entered) return;
    this.entered = false;
    try {
      if (this.input.isTTY) {
        this.input.removeListener('data', this.onKeys);
        this.input.setRawMode(false);
        this.input.pause();
      }
      write(LEAVE);
    } catch {
      // The terminal itself is gone: there is nothing to restore.
    }
  }
}
