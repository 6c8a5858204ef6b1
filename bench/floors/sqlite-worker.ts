// The floor of process rows: SQLite in WAL mode with synchronous=FULL, doing the same durable read-modify-write.

import { createRequire } from 'node:module';
import { serveWorker, type WorkerResult } from '../workers/protocol.ts';

interface Statement {
  run(...values: unknown[]): void;
  get(...values: unknown[]): { version: number } | undefined;
}
interface Database {
  pragma(text: string): void;
  exec(text: string): void;
  prepare(text: string): Statement;
}

const options: { dir: string; stream: string; count: number; bench: string } = JSON.parse(process.argv[2] ?? '{}');
const SQLite: new (file: string, options: object) => Database = createRequire(`${options.bench}/`)('better-sqlite3');
const db = new SQLite(`${options.dir}/floor.db`, { timeout: 20_000 });
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
const text = 'x'.repeat(180);

await serveWorker(async (): Promise<WorkerResult> => {
  const times: number[] = [];
  for (let index = 0; index < options.count; index += 1) {
    const start = performance.now();
    begin.run();
    const version = (read.get(options.stream)?.version ?? 0) + 1;
    append.run(options.stream, JSON.stringify({ key: `k${index % 50}`, value: { text } }));
    put.run(options.stream, version, JSON.stringify({ n: version, text }));
    commit.run();
    times.push(performance.now() - start);
    // As a server would, between two calls.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { times, voids: 0 };
});
