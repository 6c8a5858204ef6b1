// Spans as OTLP/JSON: proto3's JSON mapping of opentelemetry.proto.trace.v1.TracesData with OTLP's changes (ids in hex,
// enums as numbers; 64-bit integers are strings, as in all of proto3). Written by hand, because the SDK takes 35 MB to
// write the same few fields. Used by trace-file.ts, tracer.ts and attempts.ts.
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

import type { TraceContext } from './context.ts';

export type Attribute = string | number | boolean;

/** Values of the protocol's SpanKind. */
export const SERVER = 2;
export const INTERNAL = 1;

export interface Span {
  context: TraceContext;
  /** 16 hex; absent for the first span of a trace. */
  parentSpanId?: string | undefined;
  /** True if another process made the parent. */
  remote?: boolean;
  name: string;
  kind: typeof SERVER | typeof INTERNAL;
  /** Ms since the epoch, with fractions. */
  startMs: number;
  endMs: number;
  /** Attributes without a value are left out. */
  attributes: Readonly<Record<string, Attribute | undefined>>;
  /** The message of a span that failed; absent for one that did not. */
  error?: string | undefined;
}

export interface Scope {
  name: string;
  version: string;
}

/** Longer attribute values and messages are cut: some come from agents, and a trace needs only their start. */
const MAX_TEXT = 256;
const STATUS_ERROR = 2;
/** Bits 8 and 9 of Span.flags: whether it is known if the parent is remote, and whether it is remote. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/** One line of a trace file, without its line feed. */
export function tracesLine(
  resource: Readonly<Record<string, Attribute>>,
  scope: Scope,
  spans: readonly Span[],
): string {
  const scopeSpans = [{ scope, spans: spans.map(encoded) }];
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans }] });
}

function encoded(span: Span): object {
  const { context, parentSpanId, remote, name, kind, startMs, endMs, attributes, error } = span;
  const remoteBits = parentSpanId === undefined || remote !== true ? 0 : HAS_IS_REMOTE | IS_REMOTE;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    flags: context.flags | remoteBits,
    name,
    kind,
    startTimeUnixNano: nanos(startMs),
    // The end is never before the start, even if the clock was set back in between.
    endTimeUnixNano: nanos(Math.max(startMs, endMs)),
    attributes: keyValues(attributes),
    status: error === undefined ? {} : { message: short(error), code: STATUS_ERROR },
  };
}

function keyValues(attributes: Readonly<Record<string, Attribute | undefined>>): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );
}

function anyValue(value: Attribute): object {
  if (typeof value === 'string') return { stringValue: short(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function short(text: string): string {
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
  // The cut may leave half a surrogate pair, which UTF-8 cannot encode.
  return cut.replace(/\p{Cs}/gu, '\ufffd');
}

/** Ms since the epoch as decimal nanoseconds. Computed in two parts, because a double cannot hold all digits. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * 1e6)).padStart(6, '0')}`;
}
