// A project's configuration as it is in force, for views. Commands read the document themselves.

import type { View } from '../../documents/documents.ts';
import { type ProjectConfig, withDefaults } from '../../domain/project/config.ts';
import { type ProjectDocument, projectStream } from '../../domain/project/document.ts';

/** A copy of the configuration; the defaults if the project has no document. */
export function configOf(view: View, project: string): ProjectConfig {
  return withDefaults(view.get<ProjectDocument>(projectStream(project))?.config);
}
