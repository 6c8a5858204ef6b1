// node:zlib, loaded when it is first needed. Most stores have no compressed segment, and a hook would wait for it at
// every start. Used by whoever reads and writes compressed segments.

export function zlib(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib');
}
