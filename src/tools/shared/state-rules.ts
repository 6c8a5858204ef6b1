// Wraps the commands of state tools and imports in the checks by the schemas of the session's project.

import type { Services } from '../../app/services.ts';
import type { Decide } from '../../domain/command.ts';
import { type ProjectDocument, projectStream } from '../../domain/project/document.ts';
import { schemasOf, underSchemas } from '../../domain/project/state-schemas.ts';

/** Wraps a command: it fails if the state that it leaves does not satisfy the schemas of the session's project. */
export function underRules<A>(services: Services, session: string, command: Decide<A>): Decide<A> {
  const { documents } = services;
  const inForce = (project: string): boolean => {
    const doc = documents.snapshot(projectStream(project))?.doc as ProjectDocument | undefined;
    return Object.keys(schemasOf(doc)).length > 0;
  };
  return underSchemas(session, inForce, command);
}
