// What a refusal adds where the call that it names is of an opt-in tool that this server does not list: a model that is
// not shown a tool cannot call it, and would look for it in vain. Used by server.ts.

import type { ListedTool, Listing } from '../tools/describe.ts';

type Named = Pick<Listing, 'optIn'> & { tool: Pick<ListedTool, 'name'> };

/** A function that adds to the text of a refused call how to reach the tools that it names and that are not listed. */
export function unlistedHint(
  listings: readonly Named[],
  listed: readonly Pick<ListedTool, 'name'>[],
): (text: string, called: string) => string {
  const shown = new Set(listed.map(({ name }) => name));
  const hidden = listings.flatMap(({ optIn, tool }) => (optIn && !shown.has(tool.name) ? [tool.name] : []));
  return (text, called) => {
    const named = hidden.filter((name) => name !== called && new RegExp(`\\b${name}\\b`).test(text));
    const hints = named.map(
      (name) =>
        `; ${name} is not listed here: BATON_TOOLSETS=default,${name} lists it, \`baton ${name.replace('_', ' ')}\` ` +
        `does the same`,
    );
    return text + hints.join('');
  };
}
