// One durable read-modify-write in SQLite, in WAL mode with synchronous=FULL. Used by sqlite-worker.ts and
// sqlite-server.ts.

import { createRequire } from 'node:module';

interface Statement {
  run(...values: unknown[]): void;
  get(...values: unknown[]): { version: number } | undefined;
}
interface Database {
  pragma(text: string): void;
  exec(text: string): void;
  prepare(text: string): Statement;
}

export interface SQLiteOptions {
  dir: string;
  /** The row that is written. */
  stream: string;
  /** Where better-sqlite3 is installed. */
  bench: string;
}

/** Opens the database, and returns a function that writes a value and returns the row's new version. */
export function sqliteWriter({ dir, stream, bench }: SQLiteOptions): (key: string, value: unknown) => number {
  const SQLite: new (file: string, options: object) => Database = createRequire(`${bench}/`)('better-sqlite3');
  const db = new SQLite(`${dir}/floor.db`, { timeout: 20_000 });
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT, line TEXT)');
  db.exec('CREATE TABLE IF NOT EXISTS docs (stream TEXT PRIMARY KEY, version INTEGER, doc TEXT)');
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const read = db.prepare('SELECT version FROM docs WHERE stream = ?');
  const append = db.prepare('INSERT INTO events (stream, line) VALUES (?, ?)');
  const put = db.prepare(
    'INSERT INTO docs VALUES (?, ?, ?) ON CONFLICT(stream) DO UPDATE SET version = excluded.version, doc = excluded.doc',
  );
  return (key, value) => {
    begin.run();
    const version = (read.get(stream)?.version ?? 0) + 1;
    append.run(stream, JSON.stringify({ key, value }));
    put.run(stream, version, JSON.stringify({ n: version, value }));
    commit.run();
    return version;
  };
}
