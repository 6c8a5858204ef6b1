// The types of bundle.mjs, for the tests that start real processes.

export declare function bundle(options: {
  entries: Record<string, string>;
  dir: string;
  banner?: string;
  keepAjv?: boolean;
}): Promise<{ type: string; fileName: string }[]>;
