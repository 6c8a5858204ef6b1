// Descriptions of a node's fields, as plain data. tools/shared/graph-schema.ts makes the tool's schema from them,
// scripts/docs.ts the tables of docs/tools.md; `checkField` checks values by them. No schema library is loaded here,
// because hooks and the status line read graphs too.

import type { Fault } from './graph.ts';

/** Stands for the value at a path of what a node is given. */
export type Reference = { $from: string };

interface Described {
  /** One line for docs/tools.md. */
  readonly about: string;
  /** Words for the tool's schema, which cost every model tokens: only what the name does not say. */
  readonly listed?: string;
  /** Not in the tool's schema, but in the documents that it points to: what most graphs do without. */
  readonly unlisted?: true;
}

type Text = { readonly type: 'text' /** Characters. */; readonly max: number };
/** A text, or {"$from": path}: the text, number or flag at a place of what the node is given. */
type Argument = { readonly type: 'argument' /** Characters of a text. */; readonly max: number };
type Num = { readonly type: 'number'; readonly min: number; readonly max: number; readonly whole?: true };
type Flag = { readonly type: 'flag' };
type Choice = { readonly type: 'choice'; readonly of: readonly string[] };
type List = { readonly type: 'list'; readonly of: FieldType /** Items. */; readonly max: number };
/** Values of one type under any names. */
type NameMap = { readonly type: 'map'; readonly of: FieldType };
type Group = { readonly type: 'group'; readonly fields: Fields };
/** Any JSON value, within the limits of every input. */
type AnyJson = { readonly type: 'json' };

export type FieldType = Text | Argument | Num | Flag | Choice | List | NameMap | Group | AnyJson;
export type Field = Described & FieldType;
export type Fields = Readonly<Record<string, Field>>;

/** The descriptions that fit a TypeScript type: the compiler keeps a kind's interface and its fields in step. */
type TypeOf<T> = T extends string
  ? Text | Choice
  : T extends number
    ? Num
    : T extends boolean
      ? Flag
      : T extends readonly (infer Item)[]
        ? List & { readonly of: TypeOf<Item> }
        : T extends object
          ? NameMap | Group | AnyJson | Argument
          : AnyJson;

/** A description for each of the named fields of `T`. */
export type FieldsOf<T, K extends keyof T = keyof T> = {
  readonly [Name in K]-?: Described & TypeOf<NonNullable<T[Name]>>;
};

/** Adds the faults of one value: its type, range, choice and size. True if its type is right. */
export function checkField(value: unknown, field: FieldType, at: string, faults: Fault[]): boolean {
  switch (field.type) {
    case 'text':
      if (typeof value !== 'string') return wrongType('text', at, faults);
      if (value.length > field.max) faults.push(tooMany(value.length, 'characters', field.max, at));
      return true;
    case 'argument':
      if (isReference(value)) return true;
      if (typeof value !== 'string') return wrongType('text, or {"$from": path}', at, faults);
      if (value.length > field.max) faults.push(tooMany(value.length, 'characters', field.max, at));
      return true;
    case 'number':
      if (typeof value !== 'number') return wrongType('a number', at, faults);
      checkRange(value, field, at, faults);
      return true;
    case 'flag':
      return typeof value === 'boolean' || wrongType('true or false', at, faults);
    case 'choice': {
      if (field.of.some((one) => one === value)) return true;
      const hint = `use one of ${field.of.join(', ')}`;
      faults.push(badValue(at, `${JSON.stringify(value)?.slice(0, 80)} is not one of its values`, hint));
      return typeof value === 'string';
    }
    case 'list':
      if (!Array.isArray(value)) return wrongType('a list', at, faults);
      if (value.length > field.max) faults.push(tooMany(value.length, 'items', field.max, at));
      return all(value, (item, i) => isFitText(item, field.of) || checkField(item, field.of, `${at}/${i}`, faults));
    case 'map':
      if (!isPlainObject(value)) return wrongType('an object', at, faults);
      return all(Object.entries(value), ([name, item]) => checkField(item, field.of, `${at}/${name}`, faults));
    case 'group':
      if (!isPlainObject(value)) return wrongType('an object', at, faults);
      return all(Object.entries(value), ([name, item]) => checkMember(name, item, field.fields, at, faults));
    case 'json':
      return true;
  }
}

/**
 * Fast path of the commonest field: a graph may hold a million texts, and building a pointer for each costs more than
 * the check.
 */
export function isFitText(value: unknown, field: FieldType): boolean {
  return (field.type === 'text' || field.type === 'argument') && typeof value === 'string' && value.length <= field.max;
}

function checkMember(name: string, value: unknown, fields: Fields, at: string, faults: Fault[]): boolean {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) {
    const hint = `use only ${Object.keys(fields).join(', ')}`;
    faults.push({ code: 'unknown-field', at: `${at}/${name}`, message: `there is no "${name}" here`, hint });
    return true;
  }
  return value === undefined || checkField(value, field, `${at}/${name}`, faults);
}

function checkRange(value: number, { min, max, whole }: Num, at: string, faults: Fault[]): void {
  if (value >= min && value <= max && (whole !== true || Number.isInteger(value))) return;
  const what = whole === true ? 'a whole number' : 'a number';
  faults.push(badValue(at, `${value} is out of range`, `use ${what} from ${min} to ${max}`));
}

/** True if all pass. Every item is checked, so that every fault is found. */
function all<T>(items: readonly T[], passes: (item: T, index: number) => boolean): boolean {
  let good = true;
  for (const [index, item] of items.entries()) if (!passes(item, index)) good = false;
  return good;
}

/** Whether a value stands for the value at a place: {"$from": path}, and nothing else. */
export function isReference(value: unknown): value is Reference {
  return isPlainObject(value) && Object.keys(value).length === 1 && '$from' in value && typeof value.$from === 'string';
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongType(expected: string, at: string, faults: Fault[]): false {
  faults.push(badValue(at, 'the value has the wrong type', `give ${expected}`));
  return false;
}

function tooMany(count: number, what: string, max: number, at: string): Fault {
  return badValue(at, `${count} ${what} are too many`, `use at most ${max}`);
}

function badValue(at: string, message: string, hint: string): Fault {
  return { code: 'bad-value', at, message, hint };
}
