// Arguments that mean the same in every tool. The server's instructions (mcp/instructions.ts) explain them once, so
// that tools/list carries no description of them (describe.ts). Imports nothing, because serving starts with it.

export interface SharedArguments {
  names: readonly string[];
  /** What a model must know of them. */
  words: string;
}

/** In the order of the instructions. */
export const SHARED_ARGUMENTS: readonly SharedArguments[] = [
  { names: ['session'], words: 'another than your own' },
  { names: ['claim'], words: 'the one you work on' },
  { names: ['if_etag', 'if_version'], words: 'only if unchanged since' },
  { names: ['limit'], words: 'rows at most' },
  { names: ['cursor'], words: 'next_cursor of the last answer' },
  { names: ['dry_run'], words: 'show it, change nothing' },
  { names: ['archived'], words: 'instead of deleting; false restores' },
  { names: ['force'], words: 'go on where an error asked for it' },
  { names: ['wait_s'], words: 'wait instead of polling' },
  { names: ['reason'], words: 'why: history shows it' },
  { names: ['priority'], words: '1 first' },
  { names: ['at'], words: 'as of a seq or ISO time' },
  {
    names: ['request_id'],
    words: 'repeat a call whose outcome is unknown with the same one: it takes effect once',
  },
];
