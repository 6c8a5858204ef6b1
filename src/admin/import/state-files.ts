// Reads the older state directory, see v2.ts; other JSON objects in it become keys of the session. Keys that belong to
// Baton go below `imported`. Listed in index.ts.

import { isObject, type Json, type JsonObject } from '../../json/json.ts';
import { checkValue } from '../../json/limits.ts';
import { isUnsafeKey } from '../../json/pointer.ts';
import { nothing, parseJson, type SourceKind } from './shape.ts';
import { linkSprints, OWNED, readV2, settleItems } from './v2.ts';

/** The limits of one value of a session. */
const LIMITS = { depth: 60, bytes: 512 * 1024 };

export const stateFiles: SourceKind = {
  reads: /\.json$/,
  called: 'names that end in .json',
  uniqueKeys: true,
  read: (files) => {
    const found = nothing();
    const owned: JsonObject = {};
    for (const file of files) {
      const value = parseJson(file, found);
      if (value === undefined || readV2(found, file.name, value)) continue;
      const name = file.name.replace(/\.json$/, '');
      // The key of a list or a single value is the file's name.
      const values = isObject(value) ? value : { [name]: value };
      for (const [key, item] of Object.entries(values)) {
        const checked = checkValue(item, LIMITS);
        if (isUnsafeKey(key) || !checked.ok)
          found.left.push({ item: `${file.name} ${key}`, why: 'it is refused as state' });
        else if (Object.hasOwn(OWNED.has(key) ? owned : found.state, key)) {
          found.left.push({ item: `${file.name} ${key}`, why: 'another file has this key too' });
        } else if (OWNED.has(key)) {
          owned[key] = item as Json;
          found.changed.push({
            item: `${file.name} ${key}`,
            why: `this key is Baton's own: it is at $.imported.${key}`,
          });
        } else found.state[key] = item as Json;
      }
    }
    linkSprints(found);
    settleItems(found);
    if (Object.keys(owned).length > 0) found.state.imported = owned;
    return found;
  },
};
