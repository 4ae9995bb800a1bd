import type { ExplainedReading } from '../../../src/plugin-api/index.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import { otherReadings } from '../routing/path-readings.ts';
import { hostName } from '../message/request-target.ts';

/** How the path of a request may be read, first as routes read it, and which route each reading meets. */
export function explainedReadings(
  exchange: Exchange,
  head: RequestHead,
  instance: HttpInstance,
): ExplainedReading[] {
  const host = hostName(exchange.host);
  const { path, routedPath } = exchange;
  const matched = instance.route(host, routedPath, head, exchange);
  const others = otherReadings(path, matched?.paths ?? [])?.paths ?? [];
  return [routedPath, ...others].map((reading) => {
    const rule = instance.route(host, reading, head, exchange)?.name;
    return { path: visible(reading), ...(rule === undefined ? {} : { rule }) };
  });
}

/** The path in visible ASCII, because a reading may hold line breaks, NULs and other bytes that the client had encoded. */
function visible(path: string): string {
  return path.replace(
    /[^\x21-\x7e]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
