import { tagOf } from './protobuf-writer.ts';

/** Tags of the fields in opentelemetry-proto's messages: `ExportTraceServiceRequest` and the messages in it. */
export const REQUEST = { resourceSpans: tagOf(1, 'bytes') };
export const RESOURCE_SPANS = {
  resource: tagOf(1, 'bytes'),
  scopeSpans: tagOf(2, 'bytes'),
  schemaUrl: tagOf(3, 'bytes'),
};
export const RESOURCE = { attributes: tagOf(1, 'bytes'), droppedAttributes: tagOf(2, 'varint') };
export const SCOPE_SPANS = {
  scope: tagOf(1, 'bytes'),
  spans: tagOf(2, 'bytes'),
  schemaUrl: tagOf(3, 'bytes'),
};
export const SCOPE = { name: tagOf(1, 'bytes'), version: tagOf(2, 'bytes') };
export const SPAN = {
  traceId: tagOf(1, 'bytes'),
  spanId: tagOf(2, 'bytes'),
  parentSpanId: tagOf(4, 'bytes'),
  name: tagOf(5, 'bytes'),
  kind: tagOf(6, 'varint'),
  start: tagOf(7, 'fixed64'),
  end: tagOf(8, 'fixed64'),
  attributes: tagOf(9, 'bytes'),
  droppedAttributes: tagOf(10, 'varint'),
  events: tagOf(11, 'bytes'),
  droppedEvents: tagOf(12, 'varint'),
  droppedLinks: tagOf(14, 'varint'),
  status: tagOf(15, 'bytes'),
  flags: tagOf(16, 'fixed32'),
};
export const EVENT = {
  time: tagOf(1, 'fixed64'),
  name: tagOf(2, 'bytes'),
  attributes: tagOf(3, 'bytes'),
  droppedAttributes: tagOf(4, 'varint'),
};
export const STATUS = { message: tagOf(2, 'bytes'), code: tagOf(3, 'varint') };
export const KEY_VALUE = { key: tagOf(1, 'bytes'), value: tagOf(2, 'bytes') };
export const ANY_VALUE = {
  string: tagOf(1, 'bytes'),
  bool: tagOf(2, 'varint'),
  int: tagOf(3, 'varint'),
  double: tagOf(4, 'fixed64'),
  array: tagOf(5, 'bytes'),
};
export const ARRAY_VALUE = { values: tagOf(1, 'bytes') };
