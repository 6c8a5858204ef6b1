// What the state tools and imports put round their commands: the schemas of the session's project.

import type { Services } from '../../app/services.ts';
import type { Decide } from '../../domain/command.ts';
import { type ProjectDocument, projectStream } from '../../domain/project/document.ts';
import { schemasOf, underSchemas } from '../../domain/project/state-schemas.ts';

/** The command, which fails if what it leaves in the session's state does not satisfy the schemas of its project. */
export function underRules<A>(services: Services, session: string, command: Decide<A>): Decide<A> {
  const { documents } = services;
  const inForce = (project: string): boolean => {
    const doc = documents.snapshot(projectStream(project))?.doc as ProjectDocument | undefined;
    return Object.keys(schemasOf(doc)).length > 0;
  };
  return underSchemas(session, inForce, command);
}
