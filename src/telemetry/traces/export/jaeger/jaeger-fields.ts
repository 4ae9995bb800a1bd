/** Field numbers in Jaeger's jaeger.thrift, of `Batch` and the structs in it. */
export const BATCH = { process: 1, spans: 2 };
export const PROCESS = { serviceName: 1, tags: 2 };
export const SPAN = {
  traceIdLow: 1,
  traceIdHigh: 2,
  spanId: 3,
  parentSpanId: 4,
  operationName: 5,
  flags: 7,
  startTime: 8,
  duration: 9,
  tags: 10,
  logs: 11,
};
export const LOG = { timestamp: 1, fields: 2 };
export const TAG = { key: 1, type: 2, text: 3, double: 4, bool: 5 };
/** `TagType` says which field of a tag holds the value. */
export const TAG_TYPE = { text: 0, double: 1, bool: 2 };
