// An independent, strict reader of OTLP/JSON trace lines, written from the protobuf definition and its JSON mapping
// alone: every field must be known, named in lowerCamelCase and of its type. Used by the tests of traces.

export interface ReadSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  flags: number;
  start: bigint;
  end: bigint;
  attributes: Record<string, string | number | boolean>;
  status: { code: number; message: string };
  resource: Record<string, string | number | boolean>;
}

type Fields = Record<string, unknown>;

/** All spans of a file's text. Throws at the first line that a collector would refuse. */
export function readSpans(text: string): ReadSpan[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => readLine(line));
}

export function readLine(line: string): ReadSpan[] {
  const data = object(JSON.parse(line), ['resourceSpans']);
  return list(data.resourceSpans).flatMap((one) => {
    const { resource, scopeSpans } = object(one, ['resource', 'scopeSpans', 'schemaUrl']);
    const facts = attributes(object(resource, ['attributes', 'droppedAttributesCount']).attributes);
    return list(scopeSpans).flatMap((scoped) => {
      const { scope, spans } = object(scoped, ['scope', 'spans', 'schemaUrl']);
      const { name } = object(scope, ['name', 'version', 'attributes', 'droppedAttributesCount']);
      text(name);
      return list(spans).map((span) => ({ ...readSpan(span), resource: facts }));
    });
  });
}

function readSpan(value: unknown): Omit<ReadSpan, 'resource'> {
  const span = object(value, [
    'traceId',
    'spanId',
    'traceState',
    'parentSpanId',
    'flags',
    'name',
    'kind',
    'startTimeUnixNano',
    'endTimeUnixNano',
    'attributes',
    'droppedAttributesCount',
    'events',
    'droppedEventsCount',
    'links',
    'droppedLinksCount',
    'status',
  ]);
  const status = object(span.status ?? {}, ['message', 'code']);
  const code = uint(status.code ?? 0, 2);
  const [start, end] = [fixed64(span.startTimeUnixNano), fixed64(span.endTimeUnixNano)];
  if (end < start) throw new Error('ends before it starts');
  const name = text(span.name);
  if (name === '') throw new Error('a span without a name');
  return {
    traceId: hex(span.traceId, 32),
    spanId: hex(span.spanId, 16),
    parentSpanId: span.parentSpanId === undefined ? '' : hex(span.parentSpanId, 16),
    name,
    kind: uint(span.kind ?? 0, 5),
    flags: uint(span.flags ?? 0, 2 ** 32 - 1),
    start,
    end,
    attributes: attributes(span.attributes),
    status: { code, message: text(status.message ?? '') },
  };
}

function attributes(value: unknown): ReadSpan['attributes'] {
  const found: ReadSpan['attributes'] = {};
  for (const pair of list(value ?? [])) {
    const { key, value: any } = object(pair, ['key', 'value']);
    const name = text(key);
    if (name === '' || name in found) throw new Error(`an attribute without a name of its own: ${name}`);
    found[name] = anyValue(any);
  }
  return found;
}

/** A oneof: exactly one member. */
function anyValue(value: unknown): string | number | boolean {
  const one = object(value, ['stringValue', 'boolValue', 'intValue', 'doubleValue']);
  const [[kind, inner] = ['', undefined], ...more] = Object.entries(one);
  if (more.length > 0) throw new Error('more than one value');
  if (kind === 'stringValue') return text(inner);
  if (kind === 'intValue' && typeof inner === 'string' && /^-?\d+$/.test(inner)) return Number(inner);
  if (kind === 'boolValue' && typeof inner === 'boolean') return inner;
  if (kind === 'doubleValue' && typeof inner === 'number') return inner;
  throw new Error(`no value of its kind: ${JSON.stringify(value)}`);
}

function object(value: unknown, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object');
  for (const key of Object.keys(value)) if (!known.includes(key)) throw new Error(`an unknown field: ${key}`);
  return value as Fields;
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error('no list');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string' || /\p{Cs}/u.test(value)) throw new Error(`no text: ${JSON.stringify(value)}`);
  return value;
}

function uint(value: unknown, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) throw new Error('no number');
  return value;
}

function fixed64(value: unknown): bigint {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) throw new Error('a time is digits in a string');
  return BigInt(value);
}

function hex(value: unknown, length: number): string {
  const id = text(value);
  if (id.length !== length || !/^[0-9a-f]+$/.test(id) || /^0+$/.test(id)) throw new Error(`no id: ${id}`);
  return id;
}
