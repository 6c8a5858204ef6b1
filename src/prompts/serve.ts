// Registers the prompts on a server: list, get, complete. Called by cli/verbs/serve.ts before the server is connected.

import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { Services } from '../app/services.ts';
import { visibleLines, withoutHome } from '../base/display.ts';
import { failureLine } from '../failure/describe.ts';
import { FailureError, type Result } from '../failure/failure.ts';
import type { Given, Prompt, PromptArgument } from './define.ts';
import { prompts } from './index.ts';

/** The most values that the protocol allows in one completion. */
const MOST_VALUES = 100;
const MAX_ARGUMENT = 2_000;

type Open = () => Promise<Services>;

/** Registers every prompt. `home` is hidden in failures. */
export function servePrompts(server: McpServer, services: () => Promise<Result<Services>>, home: string): void {
  const open: Open = async () => {
    const opened = await services();
    if (opened.ok) return opened.value;
    throw new McpError(ErrorCode.InternalError, failureLine(withoutHome(opened.failure, home)));
  };
  for (const prompt of prompts) register(server, prompt, open);
}

function register(server: McpServer, prompt: Prompt, open: Open): void {
  const { name, title, description } = prompt;
  const argsSchema = Object.fromEntries(prompt.arguments.map((argument) => [argument.name, schemaOf(argument, open)]));
  server.registerPrompt(name, { title, description, argsSchema }, async (args: Record<string, string | undefined>) => {
    const text = await prompt.text(presentOnly(args), await open());
    return { description, messages: [{ role: 'user', content: { type: 'text', text: visibleLines(text) } }] };
  });
}

function schemaOf(argument: PromptArgument, open: Open) {
  const { description, required, complete } = argument;
  const text = z.string().max(MAX_ARGUMENT);
  const schema = required === true ? text.describe(description) : text.optional().describe(description);
  if (complete === undefined) return schema;
  return completable(schema, async (typed) => {
    const given = (typed ?? '').toLowerCase();
    const services = await open();
    try {
      const values = services.documents.peek((view) => [...complete(view, services)]);
      return values.filter((value) => value.toLowerCase().startsWith(given)).slice(0, MOST_VALUES);
    } catch (error) {
      // A damaged document must not fail a completion; the call that names it reports the damage.
      if (error instanceof FailureError) return [];
      throw error;
    }
  });
}

function presentOnly(args: Record<string, string | undefined>): Given {
  const entries = Object.entries(args).map(([name, value]) => [name, value?.trim()] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== ''));
}
