import type { Attributes } from '@opentelemetry/api';
import type { ExchangeRecord, MirrorRecord, TunnelRecord } from '../../../plugin-api/telemetry.ts';
import type { Backend } from '../../../plugin-api/backend.ts';
import type { TlsSession } from '../../../plugin-api/transport.ts';

const LONGEST_ATTRIBUTE = 2048;
const NONE = 'none';
/** Stands for a method that is not known (OpenTelemetry's semantic conventions of HTTP spans). */
const OTHER_METHOD = '_OTHER';
/**
 * The name that a client asked for. OpenTelemetry has renamed it to `server.address`, which says here what the `Host` field or the backend is.
 */
const SERVER_NAME = 'tls.client.server_name';
const ADDRESS = /^(?:\[([^\]]*)\]|([^:/]+))(?::(\d{1,5}))?$/;

/** Attributes of an exchange's own span. Beside today's names it has those in use until 2023, because dashboards use either. */
export function exchangeAttributes(record: ExchangeRecord): Attributes {
  const method = record.method === '' ? OTHER_METHOD : short(record.method);
  const attributes: Attributes = {
    'http.method': method,
    'http.request.method': method,
    'url.path': short(record.path),
    'url.scheme': record.tls === undefined ? 'http' : 'https',
    'client.address': record.clientAddress,
    'balance.listener': short(record.listener),
    backend: nameOf(record.backend),
  };
  if (record.protocol !== '')
    attributes['network.protocol.version'] = record.protocol.slice(record.protocol.indexOf('/') + 1);
  addServer(attributes, record.host);
  if (record.userAgent !== '') attributes['user_agent.original'] = short(record.userAgent);
  if (record.requestId !== '') attributes['balance.request_id'] = short(record.requestId);
  if (record.route !== '') attributes['balance.route'] = short(record.route);
  if (record.error !== undefined) attributes['error.type'] = record.error;
  if (record.refusal !== undefined) attributes['balance.refusal'] = short(record.refusal.rule);
  attributes['http.status_code'] = record.status;
  attributes['http.response.status_code'] = record.status;
  addTls(attributes, record.tls, record.requestNumber === 1);
  return attributes;
}

/** Attributes of the span of the backend's selection. */
export function selectionAttributes(record: ExchangeRecord): Attributes {
  return {
    'balance.upstream': short(record.upstream),
    'balance.algorithm': short(record.algorithm),
    backend: nameOf(record.backend),
  };
}

/** Attributes of the span of a try. `url` is the URL that the backend was asked for. */
export function tryAttributes(method: string, url: string, { name, address }: Backend): Attributes {
  const shortMethod = short(method);
  const shortUrl = short(url);
  const attributes: Attributes = {
    backend: short(name),
    'http.method': shortMethod,
    'http.url': shortUrl,
    'http.request.method': shortMethod,
    'url.full': shortUrl,
  };
  addServer(attributes, address);
  return attributes;
}

/** Attributes of the span of a copy for a mirror. `path` is the one that the mirror was asked for. */
export function mirrorAttributes(
  { upstream, method, status }: MirrorRecord,
  backend: Backend,
  path: string,
): Attributes {
  const shortMethod = short(method);
  const attributes: Attributes = {
    backend: short(backend.name),
    'balance.mirror': short(upstream),
    'http.method': shortMethod,
    'http.request.method': shortMethod,
    'url.path': short(path),
  };
  addServer(attributes, backend.address);
  if (status !== 0) {
    attributes['http.status_code'] = status;
    attributes['http.response.status_code'] = status;
  }
  return attributes;
}

/** Attributes of a tunnel's span. `isFirst`: nothing was served on the client's connection before. */
export function tunnelAttributes(record: TunnelRecord, isFirst: boolean): Attributes {
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
  if (record.backend !== undefined) addServer(attributes, record.backend.address);
  addTls(attributes, record.tls, isFirst);
  // Of a connection that was passed on by its name, nothing else is known.
  if (record.sni !== undefined) attributes[SERVER_NAME] = short(record.sni);
  if (record.requestId !== '') attributes['balance.request_id'] = short(record.requestId);
  if (record.error !== undefined) attributes['error.type'] = record.error;
  return attributes;
}

/**
 * What TLS agreed on with the client, under the names of OpenTelemetry's semantic conventions. They have no name for the duration of the
 * handshake, which only the first span of a connection has: the others did not wait for it.
 * Source: https://opentelemetry.io/docs/specs/semconv/registry/attributes/tls/
 */
function addTls(attributes: Attributes, session: TlsSession | undefined, isFirst: boolean): void {
  if (session === undefined) return;
  const { version, cipher, sni, alpn, resumed, certificate, handshakeMs } = session;
  attributes['tls.protocol.name'] = 'tls';
  attributes['tls.protocol.version'] = version.replace(/^TLSv/, '');
  attributes['tls.cipher'] = cipher;
  attributes['tls.resumed'] = resumed;
  if (isFirst && handshakeMs !== undefined)
    attributes['balance.tls_handshake_ms'] = Math.round(handshakeMs * 1_000) / 1_000;
  if (sni !== undefined) attributes[SERVER_NAME] = short(sni);
  if (alpn !== undefined) attributes['tls.next_protocol'] = short(alpn);
  if (certificate === undefined) return;
  attributes['tls.client.subject'] = short(certificate.subject);
  attributes['tls.client.issuer'] = short(certificate.issuer);
  attributes['tls.client.hash.sha256'] = certificate.fingerprint256.replaceAll(':', '');
}

/** Adds host and port of an address: `host`, `host:port`, `[address]:port`, or `unix:` and a path. Adds nothing for ''. */
function addServer(attributes: Attributes, address: string): void {
  if (address === '') return;
  const [, bracketed, plain, port] = ADDRESS.exec(address) ?? [];
  attributes['server.address'] = short(bracketed ?? plain ?? address.replace(/^unix:/, ''));
  if (port !== undefined) attributes['server.port'] = Number(port);
}

function nameOf(backend: Backend | undefined): string {
  return backend === undefined ? NONE : short(backend.name);
}

/** Limits a text: a client's text may be long, and it goes into the queue, the export and the collector's storage. No character is cut in half. */
function short(text: string): string {
  if (text.length <= LONGEST_ATTRIBUTE) return text;
  return text.slice(0, LONGEST_ATTRIBUTE).replace(/[\ud800-\udbff]$/, '');
}
