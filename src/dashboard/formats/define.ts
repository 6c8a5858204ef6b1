// The type of a format: a function from a board to text. One file per format in this folder; index.ts lists them.

import type { Board } from '../define.ts';

export interface FormatOptions {
  /** Columns of the screen, for text. */
  width: number;
  now: number;
  /** Colours for text on a terminal. Default: none. */
  paint?: Paint | undefined;
}

export type Format = (board: Board, options: FormatOptions) => string;

/** The role of a piece of a screen, by which a terminal colours it. */
export type Tone = 'frame' | 'title' | 'heading' | 'good' | 'warn' | 'bad' | 'dim';

/** Adds the control codes of a tone to a text. Contract: its width in columns stays the same. */
export type Paint = (text: string, tone: Tone) => string;
