// The colours of screens on a terminal. Answers to programs and models have none.

import colours from 'picocolors';
import type { Paint, Tone } from '../dashboard/formats/define.ts';

/** A painter that does what the terminal can: nothing where NO_COLOR is set or nobody looks. */
export function painter(): Paint {
  const { gray, bold, cyan, green, yellow, red, dim } = colours;
  const tones: Record<Tone, (text: string) => string> = {
    frame: gray,
    title: bold,
    heading: (text) => bold(cyan(text)),
    good: green,
    warn: yellow,
    bad: (text) => bold(red(text)),
    dim,
  };
  return (text, tone) => tones[tone](text);
}
