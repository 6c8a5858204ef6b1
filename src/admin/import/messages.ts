// Reads a folder of messages: JSON files with one or several messages, or plain texts. The original sender goes into
// the text, because the sender of a message is always the connection that sends it. Listed in index.ts.

import { hash } from 'node:crypto';
import { isObject } from '../../json/json.ts';
import { Fields, type Imported, nothing, paragraphs, parseJson, type SourceFile, type SourceKind } from './shape.ts';

const MAX_CHARS = 7_500;
const MAX_JSON_CHARS = 11_000;
/** Facts about a message that mean nothing here. */
const BOOKKEEPING: ReadonlySet<string> = new Set(['id', 'message_id', 'read']);

export const messages: SourceKind = {
  reads: /\.(json|jsonl|md|txt)$/,
  called: 'names that end in .json, .jsonl, .md or .txt',
  uniqueKeys: true,
  read: (files) => {
    const found = nothing();
    for (const file of files) {
      if (/\.(md|txt)$/.test(file.name)) take(found, file.name, '', file.text);
      else for (const { at, value } of messagesIn(file, found)) takeValue(found, at, value);
    }
    return found;
  },
};

function messagesIn(file: SourceFile, found: Imported): { at: string; value: unknown }[] {
  if (file.name.endsWith('.jsonl')) {
    return file.text.split('\n').flatMap((text, index) => {
      const at = `${file.name}:${index + 1}`;
      const value = text.trim() === '' ? undefined : parseJson({ name: at, text }, found);
      return value === undefined ? [] : [{ at, value }];
    });
  }
  const value = parseJson(file, found);
  if (value === undefined) return [];
  const list = isObject(value) ? value.messages : value;
  if (!Array.isArray(list)) return [{ at: file.name, value }];
  if (isObject(value))
    for (const name of Object.keys(value))
      if (name !== 'messages') found.left.push({ item: `${file.name} ${name}`, why: 'it is no message' });
  return list.map((one, index) => ({ at: `${file.name}[${index}]`, value: one }));
}

/** Takes one value. Whatever is known by none of the usual names stands below the text, by its own. */
function takeValue(found: Imported, at: string, value: unknown): void {
  if (!isObject(value)) {
    found.left.push({ item: at, why: `it is no message: ${JSON.stringify(value)}` });
    return;
  }
  const fields = new Fields(value);
  const pick = (...names: string[]): string => {
    for (const name of names) {
      const text = fields.text(name);
      if (text !== '') return text;
    }
    return '';
  };
  const body = pick('text', 'body', 'content', 'message');
  const facts = [
    ['from', pick('from', 'sender', 'agent')],
    ['to', pick('to', 'recipient', 'target')],
    ['at', pick('timestamp', 'at', 'time', 'date', 'created_at')],
    ['subject', pick('subject', 'title', 'type')],
  ].flatMap(([name, text]) => (text === '' ? [] : [`${name} ${text}`]));
  const text = paragraphs([['', body], ...fields.others(found, BOOKKEEPING)]);
  const head = facts.length === 0 ? '' : `(imported: ${facts.join(', ')})`;
  if (text === '') found.left.push({ item: at, why: `a message without a text ${head}`.trim() });
  else take(found, at, head, text);
}

/** Adds a message. Its key is the hash of its text, so that the same message in two files becomes one. */
function take(found: Imported, item: string, head: string, body: string): void {
  if (body.trim() === '') {
    found.left.push({ item, why: 'it is empty' });
    return;
  }
  const whole = [head, body.trim()].filter((part) => part !== '').join('\n');
  const parts: string[] = [];
  for (let rest = whole; rest !== ''; ) {
    let part = withoutHalf(rest.slice(0, MAX_CHARS));
    while (JSON.stringify(part).length > MAX_JSON_CHARS) part = withoutHalf(part.slice(0, Math.floor(part.length / 2)));
    parts.push(part);
    rest = rest.slice(part.length);
  }
  if (parts.length > 1) found.changed.push({ item, why: `it is long: sent in ${parts.length} parts` });
  const key = hash('sha256', whole).slice(0, 24);
  for (const [index, text] of parts.entries())
    found.messages.push({
      key: index === 0 ? key : `${key}.${index + 1}`,
      text: index === 0 ? text : `(part ${index + 1} of ${parts.length})\n${text}`,
    });
}

/** A part of a text without the first half of a character that is cut in two. */
function withoutHalf(part: string): string {
  return part.length > 1 ? part.replace(/[\ud800-\udbff]$/, '') : part;
}
