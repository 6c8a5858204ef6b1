// The package's version, inserted by scripts/build.mjs; "0.0.0-dev" where the source runs unbuilt. Used by cli/
// (`--version`, serve) and app/view-source.ts.

declare const __BATON_VERSION__: string;

export const version: string = typeof __BATON_VERSION__ === 'string' ? __BATON_VERSION__ : '0.0.0-dev';
