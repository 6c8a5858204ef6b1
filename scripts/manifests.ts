// The descriptions of the package for those that offer it: the MCP registry (server.json) and desktop clients (the
// manifest of a .mcpb bundle), both made from package.json. Used by gen.ts, pack-mcpb.ts and their test.

/** The members of package.json that the descriptions are made from. */
export interface Pack {
  name: string;
  version: string;
  description: string;
  license: string;
  keywords: string[];
  mcpName: string;
  repository: { url: string };
  engines: { node: string };
}

/** A setting of the server that an installer may ask for, by its environment variable. */
const SETTINGS = [
  {
    variable: 'BATON_STATE_DIR',
    key: 'state_dir',
    title: 'Store',
    description: 'Where the store is. Default: ~/.claude/state',
    type: 'directory',
    format: 'filepath',
    default: `\${HOME}/.claude/state`,
  },
  {
    variable: 'BATON_PROJECT_DIR',
    key: 'project_dir',
    title: 'Project',
    description: 'The directory of the project. Default: what the client names, else where it starts the server',
    type: 'directory',
    format: 'filepath',
    default: `\${HOME}`,
  },
  {
    variable: 'BATON_TOOLSETS',
    key: 'toolsets',
    title: 'Tools',
    description: 'Tools to list: state,session,plan,run,team,ops, names of tools, or all',
    type: 'string',
    format: 'string',
    default: '',
  },
  {
    variable: 'BATON_ALLOW_COMMANDS',
    key: 'allow_commands',
    title: 'Programs',
    description: 'Programs that command nodes may run, such as npm,node,git. Default: none',
    type: 'string',
    format: 'string',
    default: '',
  },
];

/** server.json of the MCP registry, schema 2025-12-11; its description has at most 100 characters. */
export function registryEntry(pack: Pack) {
  return {
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
    name: pack.mcpName,
    title: 'Baton',
    description: 'State, sessions, plans and graphs of work that many coding agents share and that lose nothing.',
    repository: { url: webAddress(pack), source: 'github' },
    version: pack.version,
    packages: [
      {
        registryType: 'npm',
        identifier: pack.name,
        version: pack.version,
        runtimeHint: 'npx',
        transport: { type: 'stdio' },
        packageArguments: [{ type: 'positional', value: 'serve' }],
        environmentVariables: SETTINGS.map(({ variable, description, format }) => ({
          name: variable,
          description,
          format,
          isRequired: false,
          isSecret: false,
        })),
      },
    ],
  };
}

/** The manifest of a .mcpb bundle, version 0.3. `tools` are entries of tools/list. */
export function bundleManifest(pack: Pack, tools: readonly { name: string; description: string }[]) {
  return {
    manifest_version: '0.3',
    name: pack.name,
    display_name: 'Baton',
    version: pack.version,
    description: pack.description,
    author: { name: 'The Baton authors', url: webAddress(pack) },
    repository: { type: 'git', url: webAddress(pack) },
    license: pack.license,
    keywords: pack.keywords,
    server: {
      type: 'node',
      entry_point: 'dist/main.js',
      mcp_config: {
        command: 'node',
        args: [`\${__dirname}/dist/main.js`, 'serve'],
        env: Object.fromEntries(SETTINGS.map(({ variable, key }) => [variable, `\${user_config.${key}}`])),
      },
    },
    compatibility: { platforms: ['linux', 'darwin'], runtimes: { node: pack.engines.node } },
    user_config: Object.fromEntries(
      // A setting without a default is handed over as its placeholder by some clients.
      SETTINGS.map(({ key, title, description, type, default: usual }) => [
        key,
        { type, title, description, required: false, default: usual },
      ]),
    ),
    tools: tools.map(({ name, description }) => ({ name, description })),
  };
}

/** One-click links: each opens the client's own dialog, with the program as npm offers it. */
export function installLinks(pack: Pack): { client: string; link: string }[] {
  const config = JSON.stringify({ command: 'npx', args: ['-y', pack.name, 'serve'] });
  const encoded = encodeURIComponent(Buffer.from(config).toString('base64'));
  return [
    {
      client: 'VS Code',
      link: `https://vscode.dev/redirect/mcp/install?name=baton&config=${encodeURIComponent(config)}`,
    },
    { client: 'Cursor', link: `https://cursor.com/install-mcp?name=baton&config=${encoded}` },
  ];
}

function webAddress({ repository }: Pack): string {
  return repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
}
