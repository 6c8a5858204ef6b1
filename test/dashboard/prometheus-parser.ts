// A strict reader of Prometheus' text exposition format 0.0.4, for tests: it refuses what a scraper would refuse.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details

export interface Family {
  type: string;
  help: string | undefined;
  samples: { labels: Record<string, string>; value: number }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const VALUE = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]?Inf)$/;

/** The families of a page. Throws at the first fault, with its line. */
export function parsePrometheus(page: string): Map<string, Family> {
  const families = new Map<string, Family>();
  if (page !== '' && !page.endsWith('\n')) throw new Error('the last line must end with a line feed');
  let current = '';
  for (const [index, line] of page.split('\n').entries()) {
    const refuse = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`);
    };
    if (line === '') continue;
    if (/[\r\t]/.test(line)) refuse('a control character');
    const comment = /^# (HELP|TYPE) ([^ ]+)(?: (.*))?$/.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (NAME.exec(name)?.[0] !== name) refuse('not a name');
      const family = families.get(name);
      if (kind === 'HELP') {
        if (family !== undefined) refuse('a second HELP, or one after samples');
        if (/\\(?![\\n])/.test(rest)) refuse('an escape that is none');
        families.set(name, { type: '', help: rest, samples: [] });
      } else {
        if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest)) refuse('no type');
        if (family === undefined) families.set(name, { type: rest, help: undefined, samples: [] });
        else if (family.type !== '' || family.samples.length > 0) refuse('a second TYPE, or one after samples');
        else family.type = rest;
      }
      current = name;
      continue;
    }
    if (line.startsWith('#')) continue;
    const { name, labels, value } = sampleOf(line, refuse);
    // All lines of one metric stand together.
    if (name !== current) refuse(`a sample of another family than ${current}`);
    const family = families.get(name) ?? refuse('a sample without TYPE');
    if (family.type === 'counter' && !name.endsWith('_total')) refuse('a counter that does not end in _total');
    if (family.type === 'counter' && value < 0) refuse('a counter below zero');
    const key = JSON.stringify(Object.entries(labels).sort());
    if (family.samples.some((one) => JSON.stringify(Object.entries(one.labels).sort()) === key))
      refuse('a second sample of one series');
    family.samples.push({ labels, value });
  }
  return families;
}

function sampleOf(
  line: string,
  refuse: (why: string) => never,
): { name: string; labels: Record<string, string>; value: number } {
  const name = NAME.exec(line)?.[0] ?? refuse('not a name');
  let at = name.length;
  const labels: Record<string, string> = {};
  if (line[at] === '{') {
    at += 1;
    while (line[at] !== '}') {
      const label = LABEL.exec(line.slice(at))?.[0] ?? refuse('not a label');
      if (label.startsWith('__')) refuse('a reserved label');
      if (label in labels) refuse('a label twice');
      at += label.length;
      if (line[at] !== '=' || line[at + 1] !== '"') refuse('no quoted value');
      at += 2;
      let text = '';
      while (line[at] !== '"') {
        if (at >= line.length) refuse('a value without end');
        if (line[at] === '\\') {
          const escaped = { '\\': '\\', '"': '"', n: '\n' }[line[at + 1] ?? ''] ?? refuse('an escape that is none');
          text += escaped;
          at += 2;
        } else {
          text += line[at];
          at += 1;
        }
      }
      labels[label] = text;
      at += 1;
      if (line[at] === ',') at += 1;
      else if (line[at] !== '}') refuse('neither comma nor end');
    }
    at += 1;
  }
  if (line[at] !== ' ') refuse('no space before the value');
  const text = line.slice(at + 1);
  if (!VALUE.test(text)) refuse('not a value');
  return { name, labels, value: Number(text) };
}
