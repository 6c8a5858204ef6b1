// Tells which program a file is of, so that a file is not read as one of another program. Used by cli/verbs/import.ts.

import { isObject } from '../../json/json.ts';
import { SOURCE_NAMES, type SourceName, sourceKinds } from './index.ts';
import type { SourceFile } from './shape.ts';

/** The kind of source that a file is of, if it is another one than `from`. */
export function otherKind(file: SourceFile, from: SourceName): SourceName | undefined {
  const value = firstValue(file.text);
  const own = sourceKinds[from].mine;
  if (value === undefined || own === undefined || own(value)) return undefined;
  return SOURCE_NAMES.find((name) => sourceKinds[name].mine?.(value));
}

/** The value of a JSON text, or of its first line that has one. */
function firstValue(text: string): unknown {
  for (const part of [text, text.trimStart().split('\n', 1)[0] ?? '']) {
    try {
      const value: unknown = JSON.parse(part);
      if (isObject(value) || Array.isArray(value)) return value;
    } catch {
      // The next part may be JSON.
    }
  }
  return undefined;
}
