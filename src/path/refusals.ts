// What the path grammar refuses: the reason, and a path that does what is most likely meant. A test runs every one of
// these paths. scan.ts makes the failure of them.

interface Refusal {
  why: string;
  /** A path that the grammar takes. */
  form: string;
}

export const REFUSALS = {
  empty: { why: 'the path is empty: $ is the whole document', form: '$.tasks' },
  start: { why: 'a path begins with $ or a name', form: 'tasks[0].status' },
  segment: { why: 'expected . or [: a key with other characters is quoted', form: "$['cart.v2']" },
  space: { why: 'white space before or behind the path', form: '$.tasks' },
  dotted: { why: 'expected a name or * after the dot', form: '$.tasks.*.status' },
  selector: {
    why: 'expected a quoted name, an index, *, a slice or ? in brackets',
    form: "$.tasks[0]['status','points']",
  },
  bracket: { why: 'expected ] or a comma', form: '$.tasks[0,-1]' },
  quote: {
    why: 'the quoted text does not end, or has a control character: write it as \\n or \\u000a',
    form: "$['a b']",
  },
  escape: { why: 'an unknown escape in the quoted text: a backslash is written twice', form: "$['a\\\\b']" },
  index: { why: 'is no index: write it without leading zeros, up to 2^53 - 1', form: '$.tasks[1]' },
  unsafe: { why: 'is refused everywhere, because programs read such keys as parts of every object', form: '$.tasks' },
  accessor: { why: 'is refused in filters', form: '$.tasks[?@.owner]' },
  script: { why: 'scripts are not run: the last element is [-1]', form: '$.tasks[-1]' },
  parent: { why: 'there is no way up from a place: filter on what is below it', form: "$.tasks[?@.status == 'open']" },
  call: { why: 'functions cannot be called: a filter compares places', form: '$.tasks[?@.points > 3]' },
  length: { why: 'length is asked as a place, and works on arrays and texts', form: '$.tasks[?@.tags.length > 1]' },
  regular: {
    why: 'regular expressions are not offered, because some take for ever: compare, with || for several',
    form: "$.tasks[?@.status == 'open' || @.status == 'done']",
  },
  value: {
    why: 'value() is not needed: a comparison holds if one of the values does',
    form: '$.tasks[?@..points == 5]',
  },
  member: { why: 'membership is asked with a filter in the filter', form: "$.tasks[?@.tags[?@ == 'foo']]" },
  differs: {
    why: '!= on a path of many values has two readings. No value equals it, with ! before ==:',
    form: "$.tasks[?!(@.tags[*] == 'foo')]",
  },
  equals: { why: 'compare with ==', form: "$.tasks[?@.status == 'open']" },
  words: { why: 'conditions are joined with && and ||, and turned with !', form: '$.tasks[?@.points > 1 && !@.owner]' },
  arithmetic: { why: 'there is no arithmetic in filters: compare with a number', form: '$.tasks[?@.points > 3]' },
  constant: { why: 'a literal alone is no condition: compare a place with it', form: '$.tasks[?@.done == true]' },
  operand: {
    why: 'expected @, $, a quoted text, a number, true, false or null in the filter',
    form: "$.tasks[?@.status == 'open']",
  },
  parenthesis: { why: 'expected ) in the filter', form: '$.tasks[?(@.points > 1 && (@.owner || @.done))]' },
  number: { why: 'the number is too large', form: '$.tasks[?@.points < 1000]' },
  nesting: {
    why: 'a filter may nest 16 levels: leave out parentheses',
    form: '$.tasks[?@.points > 1 && @.done == false]',
  },
  operands: { why: 'a filter may have 32 operands: filter twice', form: '$.tasks[?@.points > 1][?@ == 5]' },
  segments: { why: 'a path may have 100 segments: .. leaves out those between', form: '$..owner' },
  wide: { why: 'a path may have 8 wildcards, slices, unions and filters: .. stands for several', form: '$..status' },
  members: { why: 'brackets may have 32 members: a slice or * takes more', form: '$.tasks[0:50]' },
  conditions: { why: 'a path may have 32 conditions: ask in two paths', form: "$.tasks[?@.status == 'open']" },
  long: { why: 'a path may have 1024 characters: .. leaves out a beginning', form: '$..status' },
} satisfies Record<string, Refusal>;

export type Reason = keyof typeof REFUSALS;

/** The words of a refusal. `subject` is the name or number that it is about. */
export function refusalText(reason: Reason, subject = ''): string {
  const { why, form }: Refusal = REFUSALS[reason];
  return `${subject === '' ? '' : `${subject} `}${why}, as in ${form}`;
}
