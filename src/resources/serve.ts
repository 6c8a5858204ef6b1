// Registers the resources on a server: list, read, complete, and subscriptions that report changes by any process.
// Called by cli/verbs/serve.ts before the server is connected.

import { type McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  ErrorCode,
  McpError,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { Services } from '../app/services.ts';
import { quoted, visible, visibleLines, withoutHome } from '../base/display.ts';
import { failureLine } from '../failure/describe.ts';
import type { Result } from '../failure/failure.ts';
import { MOST_ENTRIES, type ResourceKind, uriOf } from './define.ts';
import { resourceKinds } from './index.ts';
import { ListWatch } from './list-watch.ts';
import { Subscriptions } from './subscriptions.ts';

type OpenServices = () => Promise<Services>;

/** Registers every kind. `home` is hidden in failures. The returned `close` ends the subscriptions. */
export function serveResources(
  server: McpServer,
  services: () => Promise<Result<Services>>,
  home: string,
): { close(): void } {
  const open = async (): Promise<Services> => {
    const opened = await services();
    if (opened.ok) return opened.value;
    throw new McpError(ErrorCode.InternalError, failureLine(withoutHome(opened.failure, home)));
  };
  let listWatch: ListWatch | undefined;
  const listed = (services: Services): void => {
    listWatch ??= watchList(services, () => server.server.sendResourceListChanged());
  };
  for (const kind of resourceKinds) register(server, kind, open, listed);
  const subscriptions = new Subscriptions({ updated: (uri) => server.server.sendResourceUpdated({ uri }) });
  server.server.registerCapabilities({ resources: { subscribe: true, listChanged: true } });
  server.server.setRequestHandler(SubscribeRequestSchema, async ({ params }) => {
    const { kind, id } = parse(params.uri);
    const services = await open();
    const found = await services.documents.read((view) => kind.read(view, id, services) !== undefined);
    if (!found) throw unknown(params.uri);
    subscriptions.add(params.uri, (view) => kind.streams(id, view), services.documents);
    return {};
  });
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    subscriptions.remove(params.uri);
    return {};
  });
  const close = (): void => {
    listWatch?.close();
    subscriptions.close();
  };
  return { close };
}

function watchList(services: Services, tell: () => Promise<void>): ListWatch {
  return new ListWatch({
    documents: services.documents,
    shown: (view) => resourceKinds.map((kind) => kind.list(view, services).map(({ id }) => id)).join('\n'),
    kinds: new Set(resourceKinds.map(({ listedFrom }) => listedFrom)),
    tell,
  });
}

/** `listed` is called whenever a client asked for the list. */
function register(
  server: McpServer,
  kind: ResourceKind,
  open: OpenServices,
  listed: (services: Services) => void,
): void {
  const ids = async (): Promise<string[]> => (await entriesOf(kind, open)).map((entry) => entry.id);
  const template = new ResourceTemplate(kind.template, {
    list: async () => {
      listed(await open());
      return {
        resources: (await entriesOf(kind, open)).map(({ id, title, description }) => ({
          uri: uriOf(kind, id),
          name: id,
          title: visible(title),
          mimeType: 'application/json',
          ...(description === undefined ? {} : { description }),
        })),
      };
    },
    complete: {
      id: async (typed) =>
        (await ids()).filter((id) => id.toLowerCase().startsWith(typed.toLowerCase())).slice(0, MOST_ENTRIES),
    },
  });
  const { name, title, description } = kind;
  server.registerResource(name, template, { title, description, mimeType: 'application/json' }, async (uri) => {
    const { id } = parse(uri.href);
    const services = await open();
    const content = await services.documents.read((view) => kind.read(view, id, services));
    if (content === undefined) throw unknown(uri.href);
    return {
      contents: [{ uri: uri.href, mimeType: 'application/json', text: visibleLines(JSON.stringify(content)) }],
    };
  });
}

async function entriesOf(kind: ResourceKind, open: OpenServices) {
  const services = await open();
  return await services.documents.read((view) => kind.list(view, services));
}

/** The kind and id that a URI names. Throws McpError for a URI of no kind. */
function parse(uri: string): { kind: ResourceKind; id: string } {
  for (const kind of resourceKinds) {
    const [before = '', after = ''] = kind.template.split('{id}');
    if (!uri.startsWith(before) || !uri.endsWith(after) || uri.length <= before.length + after.length) continue;
    // Lower case, because people write SPR-1.
    const id = uri.slice(before.length, uri.length - after.length).toLowerCase();
    if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(id)) return { kind, id };
  }
  throw unknown(uri);
}

function unknown(uri: string): McpError {
  // -32002: «resource not found» in the MCP specification.
  return new McpError(
    -32002,
    `There is no resource ${quoted(uri)}; resources/list and resources/templates/list name those there are`,
    { uri: visible(uri.slice(0, 200)) },
  );
}
