// The package's version: put in by scripts/build.mjs, "0.0.0-dev" where the source runs unbuilt.

declare const __BATON_VERSION__: string;

export const version: string = typeof __BATON_VERSION__ === 'string' ? __BATON_VERSION__ : '0.0.0-dev';
