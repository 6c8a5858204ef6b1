// The allocation of a decision: a merge patch (RFC 7396) for pools and teams of the project's configuration. Checked
// when the decision opens, applied in the commit that closes it. Called by decision-commands.ts.

import { fail, ok, type Result } from '../../failure/failure.ts';
import { copyJson, isObject, type Json, type JsonObject } from '../../json/json.ts';
import { mergeOps } from '../../json/merge.ts';
import { applyOps } from '../../json/patch.ts';
import type { Context, Transaction } from '../command.ts';
import { configFaults } from '../project/config.ts';
import { type ProjectDocument, projectStream } from '../project/document.ts';
import { saveProject } from '../project/save.ts';

const KEYS = ['pools', 'teams'];

/** Checks an allocation against the present configuration: the allocation, or every fault of the merged result. */
export function checkAllocation(tx: Transaction, project: string, value: Json, at: string): Result<JsonObject> {
  const refuse = (why: string) => fail({ code: 'invalid-input', issues: [{ at, why }] });
  if (!isObject(value)) return refuse('expected {pools?, teams?}');
  // An empty allocation changes nothing.
  if (Object.keys(value).length === 0) return ok(value);
  const other = Object.keys(value).find((key) => !KEYS.includes(key));
  if (other !== undefined) return refuse(`only pools and teams can be allocated, not ${other.slice(0, 60)}`);
  const config = copyJson(tx.read<ProjectDocument>(projectStream(project))?.config ?? {});
  const merged = applyOps(config, mergeOps(config, '', copyJson(value))) ?? {};
  const issues = configFaults(merged).map((issue) => ({ ...issue, at: `${at}${issue.at.slice('/config'.length)}` }));
  return issues.length > 0 ? fail({ code: 'invalid-input', issues }) : ok(value);
}

/** Applies an allocation. Returns why not, if the configuration has changed so that it is no longer valid. */
export function applyAllocation(
  tx: Transaction,
  ctx: Context,
  project: string,
  allocation: Readonly<JsonObject>,
): string | undefined {
  if (Object.keys(allocation).length === 0) return undefined;
  const still = checkAllocation(tx, project, copyJson(allocation), 'allocation');
  if (!still.ok) {
    const { failure } = still;
    return failure.code === 'invalid-input'
      ? failure.issues.map(({ at, why }) => `${at}: ${why}`).join('; ')
      : failure.code;
  }
  const saved = saveProject(tx, ctx, { project, config: copyJson(allocation) });
  return saved.ok ? undefined : saved.failure.code;
}
