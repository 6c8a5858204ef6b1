// The scenario of test/clients/path.ts by the official client, over stdio, in two windows.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, type Client, type Who, walk } from '../clients/path.ts';
import { freshDir, Server } from './rig.ts';

let servers: Record<Who, Server>;

beforeAll(async () => {
  const dir = freshDir();
  const start = (name: string) => Server.start({ dir, env: { CLAUDE_CODE_SESSION_ID: name } });
  servers = { one: await start('one'), two: await start('two') };
});
afterAll(async () => {
  for (const server of Object.values(servers)) await server.close();
});

test('session, project, sprint, board, message, decision', async () => {
  const client: Client = {
    call: (who, tool, args) => servers[who].call(tool, args as Answer),
    refused: async (who, tool, args) => (await servers[who].fail(tool, args as Answer)).text,
    read: async (who, uri) => {
      const [content] = (await servers[who].client.readResource({ uri })).contents;
      return content !== undefined && 'text' in content ? content.text : '';
    },
    prompt: async (who, name, args) => {
      const [message] = (await servers[who].client.getPrompt({ name, arguments: args })).messages;
      return message?.content.type === 'text' ? message.content.text : '';
    },
  };
  await walk(client, (what, answer, expected) => {
    if (typeof expected === 'object') expect(answer, what).toMatchObject(expected as object);
    else expect(answer, what).toEqual(expected);
  });
}, 30_000);
