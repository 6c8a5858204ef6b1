// The one line that any answer may carry: there is unread mail, or the store is stopped. Put round every tool by
// tools/index.ts. A call without news pays a lookup of its session and a comparison.

import type { Services } from '../../app/services.ts';
import type { Result } from '../../failure/failure.ts';
import type { Tool } from '../define.ts';

/** Tools whose answer says it already, and the one whose answer nobody reads. */
const WITHOUT = ['message_read', 'hook_event'];

/** The tool, whose answers carry the line. */
export function withMailNote(tool: Tool<Services>): Tool<Services> {
  if (WITHOUT.includes(tool.name)) return tool;
  return {
    ...tool,
    async invoke(input, call) {
      const result = await tool.invoke(input, call);
      if (!result.ok) return result;
      const { documents, mail, sessions } = call.services;
      const note = mail.note((view) => sessions.find(view));
      const told = note === undefined ? result : withNote(result, typeof note === 'string' ? note : await note);
      const { stopped } = documents.store.info();
      return stopped === undefined ? told : withNote(told, stoppedNote(stopped.code));
    },
  };
}

/** What is read then is sound, but may not be all there is. */
function stoppedNote(code: string): string {
  return `the store is stopped (${code}): this is what it knew until then, and nothing can be changed; run \`baton doctor\``;
}

function withNote(result: Result<object>, note: string | undefined): Result<object> {
  if (!result.ok || note === undefined) return result;
  const said = 'note' in result.value && typeof result.value.note === 'string' ? `${result.value.note}; ` : '';
  return { ok: true, value: { ...result.value, note: `${said}${note}` } };
}
