// Loads node:zlib at its first use: most stores have no compressed segment, and loading it would slow down every hook.
// Used by gzip-members.ts.

export function zlib(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib');
}
