// /help: explains what Baton can do, from the list of its tools.

import { toolsetNames } from '../config/config.ts';
import listings from '../generated/tools.json' with { type: 'json' };
import { call, type Prompt } from './define.ts';

const WORDS: Record<(typeof toolsetNames)[number], string> = {
  state: 'what a session remembers',
  session: 'windows that come and go',
  plan: 'epics, sprints, tasks',
  run: 'graphs of work that many agents execute',
  team: 'messages, decisions, locks',
  ops: 'looking at all of it',
};

export const help: Prompt = {
  name: 'help',
  title: 'Help',
  description: 'What Baton can do, and how to begin',
  arguments: [
    {
      name: 'topic',
      description: 'A toolset or a tool',
      complete: () => [...toolsetNames, ...listings.map(({ tool }) => tool.name)],
    },
  ],
  text: ({ topic }) => {
    const set = toolsetNames.find((name) => name === topic);
    const found = listings.filter(({ tool, toolset }) => (set === undefined ? tool.name === topic : toolset === set));
    if (found.length > 0) return detail(found);
    const unknown = topic === undefined ? '' : `There is no tool or toolset ${JSON.stringify(topic)}. `;
    const sets = toolsetNames.map((name) => {
      const names = listings
        .filter(({ toolset }) => toolset === name)
        .map(({ tool, optIn }) => (optIn ? `${tool.name} (opt-in)` : tool.name));
      return `- ${name}, ${WORDS[name]}: ${names.join(', ')}`;
    });
    return `${unknown}Explain to me in plain words what Baton can do for this project and how I begin, from the \
list below and nothing else. Name at most three things to try first.

${sets.join('\n')}

Begin with:${call('session_start')}${call('dashboard_get', { view: 'team', format: 'text' })}

Opt-in tools are listed only if the server was started with them, as in BATON_TOOLSETS=default,events_query. \
Every tool is a command too: baton state get, baton run status, baton help.`;
  },
};

function detail(found: typeof listings): string {
  const tools = found.map(({ tool, optIn }) => `- ${tool.name}${optIn ? ' (opt-in)' : ''}: ${tool.description}`);
  return `Explain to me in plain words what these are for and when to use which, with one example each, from what \
stands here and nothing else.

${tools.join('\n')}`;
}
