// What a format is: a board as text. One file per format in this folder; index.ts lists them.

import type { Board } from '../define.ts';

export interface FormatOptions {
  /** Columns of the screen, for text. */
  width: number;
  now: number;
  /** Colours, for text on a terminal. Default: none. */
  paint?: Paint | undefined;
}

export type Format = (board: Board, options: FormatOptions) => string;

/** What a piece of a screen is, so that a terminal may colour it. */
export type Tone = 'frame' | 'title' | 'heading' | 'good' | 'warn' | 'bad' | 'dim';

/** Wraps text in what makes its tone visible. Contract: the columns it takes stay the same. */
export type Paint = (text: string, tone: Tone) => string;
