// Reads a folder of messages: JSON files with one or several messages, or plain texts. The original sender goes into
// the text, because the sender of a message is always the connection that sends it. Listed in index.ts.

import { hash } from 'node:crypto';
import { isObject } from '../../json/json.ts';
import { type Imported, nothing, parseJson, type SourceFile, type SourceKind, textOf } from './shape.ts';

const MAX_CHARS = 7_500;
const MAX_JSON_CHARS = 11_000;

export const messages: SourceKind = {
  reads: /\.(json|jsonl|md|txt)$/,
  called: 'names that end in .json, .jsonl, .md or .txt',
  uniqueKeys: true,
  read: (files) => {
    const found = nothing();
    for (const file of files) {
      if (/\.(md|txt)$/.test(file.name)) take(found, file.name, '', file.text);
      else for (const value of messagesIn(file, found)) takeValue(found, file, value);
    }
    return found;
  },
};

function messagesIn(file: SourceFile, found: Imported): unknown[] {
  if (file.name.endsWith('.jsonl')) {
    const lines = file.text.split('\n').filter((line) => line.trim() !== '');
    return lines.map((text, index) => parseJson({ name: `${file.name}:${index + 1}`, text }, found));
  }
  const value = parseJson(file, found);
  if (isObject(value) && Array.isArray(value.messages)) return value.messages;
  return Array.isArray(value) ? value : [value];
}

function takeValue(found: Imported, file: SourceFile, value: unknown): void {
  if (!isObject(value)) {
    if (value !== undefined) found.left.push({ item: file.name, why: 'an entry of it is no message' });
    return;
  }
  const pick = (...names: string[]): string =>
    names.map((name) => textOf(value[name])).find((text) => text !== '') ?? '';
  const body = pick('text', 'body', 'content', 'message');
  const facts = [
    ['from', pick('from', 'sender', 'agent')],
    ['to', pick('to', 'recipient', 'target')],
    ['at', pick('timestamp', 'at', 'time', 'date', 'created_at')],
    ['subject', pick('subject', 'title', 'type')],
  ].flatMap(([name, text]) => (text === '' ? [] : [`${name} ${text}`]));
  if (body === '') found.left.push({ item: file.name, why: 'a message in it has no text' });
  else take(found, file.name, facts.length === 0 ? '' : `(imported: ${facts.join(', ')})`, body);
}

/** Adds a message. Its key is the hash of its text, so that the same message in two files becomes one. */
function take(found: Imported, item: string, head: string, body: string): void {
  const whole = [head, body.trim()].filter((part) => part !== '').join('\n');
  const parts: string[] = [];
  for (let rest = whole; rest !== '' || parts.length === 0; ) {
    let part = rest.slice(0, MAX_CHARS);
    while (JSON.stringify(part).length > MAX_JSON_CHARS) part = part.slice(0, Math.floor(part.length / 2));
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
