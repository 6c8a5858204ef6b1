// The verb `import`: takes tasks, state and messages of other programs into the store, and reports what was taken,
// changed and left out. It can be repeated: items imported before are recognised by their id in the source.

import path from 'node:path';
import { SOURCE_NAMES, sourceKinds } from '../../admin/import/index.ts';
import { prepareTasks } from '../../admin/import/prepare.ts';
import { otherKind } from '../../admin/import/recognise.ts';
import type { Imported, Note, SourceKind } from '../../admin/import/shape.ts';
import { openServices, type Services } from '../../app/services.ts';
import { visible, withoutHome } from '../../base/display.ts';
import { createLog } from '../../base/log.ts';
import type { Config } from '../../config/config.ts';
import type { Decide } from '../../domain/command.ts';
import { type ImportStateAnswer, importMessages, importState } from '../../domain/import/state.ts';
import { type ImportedItem, importItems } from '../../domain/import/surroundings.ts';
import {
  type ImportDocument,
  type ImportedTask,
  type ImportSource,
  importLinks,
  importStream,
  importTasks,
} from '../../domain/import/tasks.ts';
import { fail, ok, type Result } from '../../failure/failure.ts';
import { underRules } from '../../tools/shared/state-rules.ts';
import { complain, exitCodes } from '../complain.ts';
import { importExport } from '../import-export.ts';
import { readSource, type Source } from '../import-source.ts';
import { offline, requireStore } from '../offline-verb.ts';
import { Progress } from '../progress.ts';
import { renderJson } from '../render.ts';
import { readArguments } from '../verb-arguments.ts';

/** Items per commit: bounded, so that no line of the log is large and other writers do not wait. */
const BATCH = 100;
const BATCH_CHARS = 500_000;
/** A session can be as large as a state may be. */
const ITEM_BATCH = 1;
const SHOWN_NOTES = 40;
/** The value of --from for an export of another Baton store. */
const OWN_EXPORT = 'baton';
const ONLY_OWN = `only with --from ${OWN_EXPORT}`;

type Counts = Record<'tasks' | 'keys' | 'messages' | ImportedItem['kind'], number>;

interface Report {
  from: string;
  source: string;
  dry_run?: true;
  taken: Counts & { links: number };
  already: Counts;
  ids: Record<string, string>;
  changed: Note[];
  left: Note[];
}

const noCounts = (): Counts => ({
  tasks: 0,
  epics: 0,
  sprints: 0,
  agents: 0,
  sessions: 0,
  keys: 0,
  messages: 0,
});

interface Job {
  services: Services;
  session: string;
  source: ImportSource;
  found: Imported;
  report: Report;
}

export const run = offline(importVerb);

async function importVerb(args: string[], config: Config): Promise<number> {
  const read = readArguments(args, { switches: ['dry-run', 'json'], texts: ['from', 'blobs'], words: ['source'] });
  if (!read.ok) return complain(read.failure);
  const given = read.value;
  const place = path.resolve(config.cwd, given.words[0] ?? '');
  const blobs = given.text('blobs');
  if (given.text('from') === OWN_EXPORT) {
    const wish = { place, dry: given.has('dry-run'), json: given.has('json') };
    return await importExport({ ...wish, blobs: blobs && path.resolve(config.cwd, blobs) }, config);
  }
  const from = SOURCE_NAMES.find((name) => name === given.text('from'));
  if (from === undefined || blobs !== undefined) {
    const names = [...SOURCE_NAMES, OWN_EXPORT].join(', ');
    const issue =
      from === undefined ? { at: '--from', why: `expected one of ${names}` } : { at: '--blobs', why: ONLY_OWN };
    return complain({ code: 'invalid-input', issues: [issue] });
  }
  const kind = sourceKinds[from];
  const source = readSource(place, kind);
  if (!source.ok) return complain(source.failure);
  const name = withoutHome(place, config.home);
  const foreign = source.value.files.map((file) => ({ file, other: otherKind(file, from) }));
  const [wrong] = foreign.filter(({ other }) => other !== undefined);
  if (wrong?.other !== undefined && foreign.every(({ other }) => other !== undefined)) {
    const why = `this is a file of ${wrong.other}; nothing was imported: use --from ${wrong.other}`;
    return complain({ code: 'invalid-input', issues: [{ at: '--from', why }] });
  }
  const report: Report = {
    from,
    source: name,
    taken: { ...noCounts(), links: 0 },
    already: noCounts(),
    ids: {},
    changed: [...source.value.odd],
    left: foreign.flatMap(({ file, other }) =>
      other === undefined ? [] : [{ item: file.name, why: `it is a file of ${other}: import it with --from ${other}` }],
    ),
  };
  const own = foreign.flatMap(({ file, other }) => (other === undefined ? [file] : []));
  const parts = partsOf(kind, { ...source.value, files: own }, report);
  const dry = given.has('dry-run');
  // A dry run must not make a store.
  const missing = dry && requireStore(config.stateDir) !== undefined;
  const opened = missing
    ? undefined
    : await openServices({ ...config, readOnly: config.readOnly || dry }, createLog(config), 'cli');
  if (opened?.ok === false) return complain(opened.failure);
  try {
    const done = await takeParts(parts, { services: opened?.value, from, name, unique: kind.uniqueKeys, report, dry });
    if (dry) report.dry_run = true;
    process.stdout.write(given.has('json') ? renderJson(report) : textOf(report));
    return done.ok ? exitCodes.done : complain(done.failure);
  } finally {
    await opened?.value.close();
  }
}

/** A source, or one of its files that count their items for themselves. */
interface Part {
  identity: string;
  /** What stands before its items in the report; '' for the only one. */
  prefix: string;
  found: Imported;
}

/** The parts of a source; a file that is a copy of another one is noted. */
function partsOf(kind: SourceKind, { files, place }: Source, report: Report): Part[] {
  const identity = (name: string): string => (kind.uniqueKeys ? '' : path.join(place, name));
  if (kind.apart !== true || files.length < 2) {
    const [only] = files;
    const below = kind.apart === true && only !== undefined && path.basename(place) !== only.name ? only.name : '';
    return [{ identity: identity(below), prefix: '', found: kind.read(files, Date.now()) }];
  }
  const seen = new Map<string, string>();
  return files.flatMap((file) => {
    const copy = seen.get(file.text);
    if (copy !== undefined) report.left.push({ item: file.name, why: `it is a copy of ${copy}` });
    seen.set(file.text, copy ?? file.name);
    if (copy !== undefined) return [];
    return [{ identity: identity(file.name), prefix: `${file.name} `, found: kind.read([file], Date.now()) }];
  });
}

interface Wish {
  /** Absent for a dry run without a store. */
  services: Services | undefined;
  from: string;
  name: string;
  unique: boolean;
  report: Report;
  dry: boolean;
}

/** Takes each part and adds what became of it to the report. */
async function takeParts(parts: readonly Part[], wish: Wish): Promise<Result<undefined>> {
  const { services, from, name, unique, report, dry } = wish;
  for (const { identity, prefix, found } of parts) {
    const named = (notes: readonly Note[]): Note[] => notes.map((one) => ({ ...one, item: `${prefix}${one.item}` }));
    const own: Report = { ...report, ids: {}, changed: found.changed, left: found.left };
    found.tasks = prepareTasks(found, unique);
    const done =
      services === undefined
        ? foresee(found, undefined, own)
        : await work(services, { from, identity, name }, found, own, dry);
    for (const [key, id] of Object.entries(own.ids)) report.ids[`${prefix}${key}`] = id;
    report.changed.push(...named(own.changed));
    report.left.push(...named(own.left));
    if (!done.ok) return done;
  }
  return ok(undefined);
}

async function work(
  services: Services,
  named: Omit<ImportSource, 'project'>,
  found: Imported,
  report: Report,
  dry: boolean,
): Promise<Result<undefined>> {
  const source: ImportSource = { project: services.workspace.project, ...named };
  if (dry) {
    const ids = await services.documents.read((view) => ({ ...view.get<ImportDocument>(importStream(source))?.ids }));
    return foresee(found, ids, report);
  }
  if (services.config.readOnly)
    return fail({ code: 'read-only', why: 'this was started with BATON_READ_ONLY or --read-only' });
  const session = await services.sessions.ensure();
  if (!session.ok) return session;
  const job: Job = { services, session: session.value, source, found, report };
  const progress = new Progress(`importing from ${named.from}`);
  const taken = (): string => `${Object.values(report.taken).reduce((sum, one) => sum + one, 0)} taken`;
  const unsubscribe = services.documents.onChange(() => progress.say(taken));
  try {
    for (const step of [takeTasks, takeLinks, takeItems, takeState, takeMessages]) {
      const done = await step(job);
      if (!done.ok) return done;
    }
    return ok(undefined);
  } finally {
    unsubscribe();
    progress.end();
  }
}

/** Fills the report with what would be taken, without writing. `ids`: those imported before; undefined if no store. */
function foresee(
  found: Imported,
  ids: Readonly<Record<string, string>> | undefined,
  report: Report,
): Result<undefined> {
  const known = (key: string): boolean => ids !== undefined && Object.hasOwn(ids, key);
  const tasks = found.tasks.filter(({ key }) => known(key)).length;
  const messages = found.messages.filter(({ key }) => known(key)).length;
  report.already.tasks += tasks;
  report.taken.tasks += found.tasks.length - tasks;
  report.already.messages += messages;
  report.taken.messages += found.messages.length - messages;
  report.taken.keys += Object.keys(found.state).length;
  for (const { kind, key } of found.items) report[known(key) ? 'already' : 'taken'][kind] += 1;
  return ok(undefined);
}

async function takeTasks({ services, session, source, found, report }: Job): Promise<Result<undefined>> {
  for (const batch of batchesOf(found.tasks)) {
    const done = await change(services, session, (tx, ctx) => importTasks(tx, ctx, source, batch));
    if (!done.ok) return done;
    const { made } = done.value;
    const count = Object.keys(made).length;
    report.taken.tasks += count;
    report.already.tasks += batch.length - count;
    Object.assign(report.ids, made);
  }
  return ok(undefined);
}

/** Tasks in commits of bounded number and size. */
function batchesOf(tasks: readonly ImportedTask[]): ImportedTask[][] {
  const batches: ImportedTask[][] = [];
  let chars = 0;
  for (const task of tasks) {
    const more = task.description.length + (task.details?.length ?? 0);
    const last = batches.at(-1);
    if (last === undefined || last.length === BATCH || chars + more > BATCH_CHARS) {
      batches.push([task]);
      chars = more;
    } else {
      last.push(task);
      chars += more;
    }
  }
  return batches;
}

async function takeLinks({ services, session, source, found, report }: Job): Promise<Result<undefined>> {
  const links = found.tasks.filter((task) => task.parent !== undefined || task.discovered_from !== undefined);
  for (let at = 0; at < links.length; at += BATCH) {
    const batch = links
      .slice(at, at + BATCH)
      .map(({ key, parent, discovered_from }) => ({ key, parent, discovered_from }));
    const done = await change(services, session, (tx, ctx) => importLinks(tx, ctx, source, batch));
    if (!done.ok) return done;
    report.taken.links += done.value;
  }
  return ok(undefined);
}

async function takeItems({ services, session, source, found, report }: Job): Promise<Result<undefined>> {
  for (let at = 0; at < found.items.length; at += ITEM_BATCH) {
    const batch = found.items.slice(at, at + ITEM_BATCH);
    const done = await change(services, session, (tx, ctx) => importItems(tx, ctx, source, services.workspace, batch));
    if (!done.ok) return done;
    const { made, untouched } = done.value;
    for (const { kind, key } of batch) report[Object.hasOwn(made, key) ? 'taken' : 'already'][kind] += 1;
    Object.assign(report.ids, made);
    for (const { key, id } of untouched)
      report.left.push({ item: key, why: `${id} is here already, and is left as it is` });
  }
  return ok(undefined);
}

async function takeState({ services, session, found, report }: Job): Promise<Result<undefined>> {
  if (Object.keys(found.state).length === 0) return ok(undefined);
  const decide: Decide<ImportStateAnswer> = (tx, ctx) => importState(tx, ctx, session, found.state);
  const done = await change(
    services,
    session,
    underRules(services, session, { tool: 'state_merge', input: {} }, decide),
  );
  if (!done.ok) return done;
  report.taken.keys += done.value.taken.length;
  report.already.keys += done.value.same.length;
  for (const key of done.value.other)
    report.left.push({ item: key, why: 'the session has this key with another value' });
  return ok(undefined);
}

async function takeMessages({ services, session, source, found, report }: Job): Promise<Result<undefined>> {
  const unique = [...new Map(found.messages.map((message) => [message.key, message])).values()];
  for (let at = 0; at < unique.length; at += BATCH) {
    const batch = unique.slice(at, at + BATCH);
    const done = await change(services, session, (tx, ctx) => importMessages(tx, ctx, source, session, batch));
    if (!done.ok) return done;
    report.taken.messages += done.value.length;
    report.already.messages += batch.length - done.value.length;
  }
  return ok(undefined);
}

async function change<A>({ documents, sessions }: Services, session: string, decide: Decide<A>): Promise<Result<A>> {
  const changed = await documents.change(decide, { by: sessions.author('import', session) });
  return changed.ok ? ok(changed.value.value) : changed;
}

/** How to read imported messages: this session sent them, so they are not unread to it. */
const IN_CHANNEL =
  'the messages: message_read {join: "imported"} in other sessions, message_read {text: "words of them"} in this one';

function textOf({ from, source, dry_run, taken, already, changed, left }: Report): string {
  const counts = (one: Record<string, number>): string => {
    const parts = Object.entries(one).flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name}`]));
    return parts.length === 0 ? 'nothing' : parts.join(', ');
  };
  const list = (title: string, notes: readonly Note[]): string[] => [
    `${title}: ${notes.length === 0 ? 'nothing' : notes.length}`,
    ...notes.slice(0, SHOWN_NOTES).map(({ item, why }) => `  ${visible(item)}: ${visible(why)}`),
    ...(notes.length > SHOWN_NOTES ? [`  … ${notes.length - SHOWN_NOTES} more: --json shows all`] : []),
  ];
  const lines = [
    `${dry_run ? 'would import' : 'imported'} ${visible(source)} (${from})`,
    `taken: ${counts(taken)}`,
    `already there: ${counts(already)}`,
    ...list('changed', changed),
    ...list('left out', left),
    ...(taken.messages === 0 || dry_run ? [] : [IN_CHANNEL]),
  ];
  return `${lines.join('\n')}\n`;
}
