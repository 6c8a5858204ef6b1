// argv → a verb. The only file that exits the process; it loads nothing but the configuration before it knows the verb.

import type { Verb, VerbEntry } from './cli/verb.ts';
import { readConfig, takeFlags } from './config.ts';

// A verb is one line here and one file beside cli/serve.ts. Whatever is not in this table is `<noun> <verb>`: a tool.
const verbs: Record<string, VerbEntry> = {
  serve: {
    summary: 'serve MCP on stdin and stdout (what happens without an argument)',
    load: () => import('./cli/serve.ts'),
  },
};

async function main(argv: string[]): Promise<number> {
  const taken = takeFlags(argv);
  if (!taken.ok) return (await import('./cli/complain.ts')).complain(taken.failure);
  const config = readConfig(taken.value.flags);
  if (!config.ok) return (await import('./cli/complain.ts')).complain(config.failure);
  const [name = 'serve', ...args] = taken.value.rest;
  const entry = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (entry !== undefined && !args.includes('--help') && !args.includes('-h')) {
    const verb: Verb = await entry.load();
    return await verb.run(args, config.value);
  }
  const { runToolCommand } = await import('./cli/tool-command.ts');
  const { realEnvironment } = await import('./cli/environment.ts');
  return await runToolCommand(taken.value.rest, realEnvironment(config.value, verbs));
}

/** Pipes take what is written later than exit does, and a reader that left is no failure of ours. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}

process.stdout.on('error', () => undefined);
const code = await main(process.argv.slice(2));
await Promise.race([drained(process.stdout), new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
process.exit(code);
