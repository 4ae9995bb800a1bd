import type { Attributes } from '@opentelemetry/api';
import type { ExchangeRecord, TunnelRecord } from '../plugin-api/telemetry.ts';
import type { Backend } from '../plugin-api/upstream.ts';

const LONGEST_ATTRIBUTE = 2048;
const NONE = 'none';

/** The names in use until 2023 beside those of today's semantic conventions: dashboards know either. */
export function exchangeAttributes(record: ExchangeRecord): Attributes {
  const method = short(record.method);
  const attributes: Attributes = {
    'http.method': method,
    'http.request.method': method,
    'url.path': short(record.path),
    'url.scheme': 'http',
    'client.address': record.clientAddress,
    'network.protocol.version': record.protocol.slice(record.protocol.indexOf('/') + 1),
    'balance.listener': short(record.listener),
    backend: nameOf(record.backend),
  };
  if (record.host !== '') attributes['server.address'] = short(record.host);
  if (record.userAgent !== '') attributes['user_agent.original'] = short(record.userAgent);
  if (record.requestId !== '') attributes['balance.request_id'] = short(record.requestId);
  if (record.route !== '') attributes['balance.route'] = short(record.route);
  if (record.error !== undefined) attributes['error.type'] = record.error;
  if (record.refusal !== undefined) attributes['balance.refusal'] = short(record.refusal.rule);
  attributes['http.status_code'] = record.status;
  attributes['http.response.status_code'] = record.status;
  return attributes;
}

export function selectionAttributes(record: ExchangeRecord): Attributes {
  return {
    'balance.upstream': short(record.upstream),
    'balance.algorithm': short(record.algorithm),
    backend: nameOf(record.backend),
  };
}

/** Of a try on a backend; `url` is what it was asked for. */
export function tryAttributes(method: string, url: string, { name, address }: Backend): Attributes {
  const shortMethod = short(method);
  const shortUrl = short(url);
  return {
    backend: short(name),
    'http.method': shortMethod,
    'http.url': shortUrl,
    'http.request.method': shortMethod,
    'url.full': shortUrl,
    'server.address': short(address),
  };
}

export function tunnelAttributes(record: TunnelRecord): Attributes {
  const attributes: Attributes = {
    'client.address': record.clientAddress,
    'network.protocol.name': short(record.protocol),
    'balance.listener': short(record.listener),
    'balance.upstream': short(record.upstream),
    'balance.bytes_received': record.bytesReceived,
    'balance.bytes_sent': record.bytesSent,
    'balance.ended_by': record.endedBy,
    backend: nameOf(record.backend),
  };
  if (record.backend !== undefined) attributes['server.address'] = short(record.backend.address);
  if (record.requestId !== '') attributes['balance.request_id'] = short(record.requestId);
  if (record.error !== undefined) attributes['error.type'] = record.error;
  return attributes;
}

function nameOf(backend: Backend | undefined): string {
  return backend === undefined ? NONE : short(backend.name);
}

/** What a client sends may be long, and is in the queue, the export and the collector's store. No character is cut in half. */
function short(text: string): string {
  if (text.length <= LONGEST_ATTRIBUTE) return text;
  return text.slice(0, LONGEST_ATTRIBUTE).replace(/[\ud800-\udbff]$/, '');
}
