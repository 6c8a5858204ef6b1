// The colours of screens and answers on a terminal. Used by tool-command.ts and the verbs board, statusline and watch.

import colours from 'picocolors';
import type { Paint, Tone } from '../dashboard/formats/define.ts';

/** A Paint with the colours that picocolors allows: none with NO_COLOR; --color, which it reads itself, forces them. */
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
