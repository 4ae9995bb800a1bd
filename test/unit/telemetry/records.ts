import { SpanKind } from '@opentelemetry/api';

import type { Backend } from '../../../src/plugin-api/backend.ts';
import type { ExchangeRecord, MirrorRecord, TunnelRecord } from '../../../src/plugin-api/telemetry.ts';
import type { CertificateReading } from '../../../src/readings/certificate.ts';
import type { HandshakeRecord } from '../../../src/readings/handshake.ts';
import type { SpanFacts } from '../../../src/telemetry/traces/spans/recorded-span.ts';

export function backendNamed(name: string, index = 0): Backend {
  return { index, name, address: `${name}:8080` };
}

/** The record of a copy for a mirror, which answered it. */
export function mirrorRecord(changes: Partial<MirrorRecord> = {}): MirrorRecord {
  return {
    upstream: 'next',
    result: 'answered',
    method: 'GET',
    path: '/a',
    backend: backendNamed('a'),
    status: 200,
    error: undefined,
    trace: undefined,
    spanId: undefined,
    startedAtMs: Date.UTC(2025, 10, 17, 15, 0, 0),
    durationMs: 150,
    ...changes,
  };
}

export function exchangeRecord(changes: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    listener: 'default',
    startedAtMs: Date.UTC(2025, 10, 17, 15, 0, 0),
    durationMs: 150,
    clientAddress: '192.168.1.100',
    method: 'GET',
    path: '/api/users',
    host: 'example.com',
    protocol: 'HTTP/1.1',
    userAgent: 'curl/7.64.1',
    referer: '',
    requestId: '',
    traceId: '',
    spanId: '',
    trace: undefined,
    route: 'api',
    upstream: 'default',
    algorithm: 'round-robin',
    backend: backendNamed('backend-1'),
    status: 200,
    bytesReceived: 0,
    bytesSent: 1234,
    error: undefined,
    ...changes,
  };
}

export function tunnelRecord(changes: Partial<TunnelRecord> = {}): TunnelRecord {
  return {
    listener: 'db',
    protocol: 'tcp',
    startedAtMs: Date.UTC(2025, 10, 17, 15, 0, 0),
    durationMs: 61_000,
    clientAddress: '192.168.1.100',
    upstream: 'db',
    backend: backendNamed('db-1'),
    requestId: '',
    traceId: '',
    spanId: '',
    trace: undefined,
    bytesReceived: 10,
    bytesSent: 20,
    endedBy: 'client',
    error: undefined,
    ...changes,
  };
}

export function spanFacts(changes: Partial<SpanFacts> = {}): SpanFacts {
  return {
    name: 'GET /',
    kind: SpanKind.SERVER,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    parentSpanId: '',
    parentIsRemote: false,
    startMs: Date.UTC(2025, 10, 17, 15, 0, 0) + 0.125,
    endMs: Date.UTC(2025, 10, 17, 15, 0, 1) + 250.5,
    attributes: {},
    failure: undefined,
    ...changes,
  };
}

/** A handshake with a client that was done, but for the changes. */
export function handshakeRecord(changes: Partial<HandshakeRecord> = {}): HandshakeRecord {
  const done = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', resumed: false };
  const { status = 'ok' } = changes;
  return {
    side: 'client',
    owner: 'web',
    status,
    durationMs: 2,
    address: '192.0.2.7:5123',
    ...(status === 'ok' && done),
    ...changes,
  };
}

/** A certificate of a listener, valid for another year, but for the changes. */
export function certificateReading(changes: Partial<CertificateReading> = {}): CertificateReading {
  return {
    kind: 'server',
    file: 'tls/site.crt',
    names: ['site.example', '*.site.example'],
    subject: 'CN=site.example',
    issuer: 'CN=authority',
    fingerprint256: 'AB:CD',
    notBeforeMs: Date.now() - 86_400_000,
    notAfterMs: Date.now() + 365 * 86_400_000,
    usedBy: ['listener web'],
    ...changes,
  };
}
