// registry_save: registers an agent, or a command, tool, template or MCP server of the project.

import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { nearest } from '../base/nearest.ts';
import { REGISTRY_KINDS, type SaveEntryAnswer, saveEntry, TIERS } from '../domain/team/registry.ts';
import { type Failure, fail, type Result } from '../failure/failure.ts';
import { isUnsafeKey } from '../json/pointer.ts';
import { isId } from '../store/stream.ts';
import { registered } from '../views/team/people.ts';
import { type Call, defineTool } from './define.ts';
import { callerOf, changeAs } from './shared/caller.ts';
import { withSeq } from './shared/change.ts';
import { nameInput, removedOutput, requestInput, seqOutput } from './shared/inputs.ts';

// Names become keys of documents, where such a key is refused: an agent of this name could not vote.
const entryInput = nameInput
  .refine((name) => !isUnsafeKey(name), 'no document can have this name as a key: choose another')
  // An entry's stream is called `tool.<name>`, and no stream's name may end in `.lock` or `.json`.
  .refine((name) => isId(`tool.${name}`), 'no entry can be called "lock" or "json": choose another');
const wordsInput = z.array(z.string().min(1).max(64)).max(50).optional();

export const registrySave = defineTool({
  name: 'registry_save',
  title: 'Register an agent or a tool',
  toolset: 'plan',
  optIn: true,
  description:
    'Use to register who can work in this project (kind agent: tier, reports_to, skills, model, capacity, ' +
    'fallback) or what there is to work with (command, tool, template, mcp). What is not named stays as it was; ' +
    'plan_list shows the entries. ' +
    'Answers {id, kind, created, version, changed, removed?, seq}.',
  searchHint: 'register agent skills tier reports team directory command template',
  annotations: { readOnly: false, destructive: false, idempotent: true },
  answers: { narrow: 'nothing' },
  positional: ['kind', 'id'],
  input: z.strictObject({
    kind: z.enum(REGISTRY_KINDS),
    id: entryInput.describe('Its name, unique in its kind'),
    description: z.string().max(500).optional(),
    skills: wordsInput,
    tools: wordsInput,
    tier: z.enum(TIERS).optional(),
    reports_to: entryInput.optional().describe('A registered agent; escalations go there'),
    fallback: entryInput.optional().describe('A registered agent to ask when this one is away'),
    model: z.string().max(100).optional(),
    capacity: z.number().int().min(0).max(1000).optional().describe('Nodes it takes at once'),
    usage: z.string().max(500).optional().describe('How it is used or started'),
    retired: z.boolean().optional(),
    if_version: z.number().int().min(0).optional(),
    request_id: requestInput,
  }),
  output: z.object({
    id: z.string(),
    kind: z.string(),
    created: z.boolean(),
    version: z.number().int(),
    changed: z.array(z.string()),
    removed: removedOutput,
    seq: seqOutput,
  }),
  async run(input, call: Call<Services>) {
    const caller = await callerOf(call);
    if (!caller.ok) return caller;
    const { if_version: ifVersion, request_id: _, ...facts } = input;
    const entry = { ...facts, project: call.services.workspace.project, ifVersion };
    const saved = await changeAs<SaveEntryAnswer>(call, 'registry_save', caller.value, input, (tx, ctx) =>
      saveEntry(tx, ctx, entry),
    );
    return saved.ok ? withSeq(saved.value) : await withNearAgents(saved.failure, call);
  },
});

/** Adds like names of registered agents to a failure: the command itself reads only the entries that it is given. */
async function withNearAgents(failure: Failure, call: Call<Services>): Promise<Result<never>> {
  if (failure.code !== 'not-found') return fail(failure);
  const known = await call.services.documents.read((view) =>
    registered(view, call.services.workspace.project, 'agent'),
  );
  const names = known.map(({ id }) => id);
  return fail({ ...failure, near: nearest(failure.name, names) });
}
