import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TlsSession } from '../../../../../src/plugin-api/index.ts';
import type { ExchangeRecord, TunnelRecord } from '../../../../../src/plugin-api/telemetry.ts';
import { AccessLog, type AccessLogSettings } from '../../../../../src/telemetry/logs/access/access-log.ts';
import { EXCHANGE_COLUMNS } from '../../../../../src/telemetry/logs/access/access-columns.ts';
import { LogClock } from '../../../../../src/telemetry/logs/format/log-clock.ts';
import { LogSink } from '../../../../../src/telemetry/logs/output/log-sink.ts';
import { RecordedOutput } from '../../recorded-output.ts';
import { backendNamed, exchangeRecord, tunnelRecord } from '../../records.ts';

type Settings = Partial<AccessLogSettings>;

function textOf(settings: Settings, write: (log: AccessLog) => void, random = 0.5): string {
  const output = new RecordedOutput();
  const sink = new LogSink(output, { batchSizeBytes: 1e9 });
  const clock = new LogClock(() => Date.UTC(2025, 10, 17, 15, 0, 1, 999));
  write(new AccessLog(sink, { format: 'text', sample: 1, ...settings }, { clock, random: () => random }));
  sink.flushNow();
  return output.text;
}

const exchangeLine = (settings: Settings, changes: Partial<ExchangeRecord> = {}): string =>
  textOf(settings, (log) => log.exchange(exchangeRecord(changes)));
const tunnelLine = (settings: Settings, changes: Partial<TunnelRecord> = {}): string =>
  textOf(settings, (log) => log.tunnel(tunnelRecord(changes)));

const TLS: TlsSession = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  alpn: 'http/1.1',
  sni: 'a.test',
  resumed: true,
  allowsHost: () => true,
  certificate: {
    subject: 'CN=a b',
    issuer: 'CN=ca',
    serialNumber: '0A',
    notBeforeMs: 0,
    notAfterMs: 1,
    fingerprint256: 'AA:BB',
    verified: true,
    raw: Buffer.from('der'),
  },
};
const TRACED = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

describe('the access log as text', () => {
  it('has the documented fields in the documented order', () => {
    expect(exchangeLine({})).toBe(
      '2025-11-17T15:00:01Z INFO access client_ip=192.168.1.100 method=GET path=/api/users protocol=HTTP/1.1 ' +
        'status=200 bytes=1234 duration=150ms user_agent=curl/7.64.1 backend=backend-1\n',
    );
  });

  it('adds request id, trace and error where there are any', () => {
    expect(
      exchangeLine(
        {},
        {
          requestId: 'r-1',
          ...TRACED,
          error: 'connect_failed',
          status: 502,
          backend: undefined,
          userAgent: '',
          durationMs: 0.4567,
        },
      ),
    ).toBe(
      '2025-11-17T15:00:01Z INFO access client_ip=192.168.1.100 method=GET path=/api/users protocol=HTTP/1.1 ' +
        'status=502 bytes=1234 duration=0.46ms user_agent=- backend=- request_id=r-1 ' +
        'trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331 error=connect_failed\n',
    );
  });

  it('shows on request what TLS agreed on, and dashes where the connection is not encrypted', () => {
    const fields = [
      'tls_version',
      'tls_cipher',
      'tls_sni',
      'tls_alpn',
      'tls_resumed',
      'tls_client_subject',
      'tls_client_fingerprint',
    ] as const;
    expect(exchangeLine({ fields }, { tls: TLS })).toBe(
      '2025-11-17T15:00:01Z INFO access tls_version=TLSv1.3 tls_cipher=TLS_AES_128_GCM_SHA256 tls_sni=a.test ' +
        'tls_alpn=http/1.1 tls_resumed=true tls_client_subject="CN=a b" tls_client_fingerprint=AA:BB\n',
    );
    const without = fields.map((field) => ` ${field}=-`).join('');
    expect(exchangeLine({ fields })).toBe(`2025-11-17T15:00:01Z INFO access${without}\n`);
    expect(tunnelLine({ fields: ['tls_sni'] }, { tls: TLS })).toContain('tunnel tls_sni=a.test\n');
    expect(exchangeLine({ fields, filter: 'tls_version = "TLSv1.2"' }, { tls: TLS })).toBe('');
    expect(JSON.parse(exchangeLine({ format: 'json', fields }))).toMatchObject({ tls_version: '' });
  });

  it('names the worker on request, and may choose lines by it', () => {
    const line = (settings: Settings): string => {
      const output = new RecordedOutput();
      const sink = new LogSink(output, { batchSizeBytes: 1e9 });
      const log = new AccessLog(sink, { format: 'json', sample: 1, ...settings }, { worker: 3 });
      log.exchange(exchangeRecord());
      log.tunnel(tunnelRecord());
      sink.flushNow();
      return output.text;
    };
    expect(line({ fields: ['worker'] })).toBe('{"worker":3}\n{"worker":3}\n');
    expect(line({ fields: ['worker'], filter: 'worker != 3' })).toBe('');
    expect(exchangeLine({ format: 'json', fields: ['worker'] })).toBe('{"worker":1}\n');
  });

  it('can not be forged by a client', () => {
    const line = exchangeLine(
      {},
      {
        path: '/x status=200 bytes=0\n2025-11-17T15:00:02Z INFO access client_ip=10.0.0.1',
        userAgent: 'a" backend="evil\u001b[2J\\',
        method: 'G\tET',
      },
    );
    expect(line.split('\n')).toHaveLength(2);
    expect(line).toContain(
      'path="/x status=200 bytes=0\\n2025-11-17T15:00:02Z INFO access client_ip=10.0.0.1"',
    );
    expect(line).toContain('user_agent="a\\" backend=\\"evil\\u001b[2J\\\\"');
    expect(line).toContain('method="G\\tET"');
  });

  it('has a line for a tunnel', () => {
    expect(tunnelLine({}, { endedBy: 'proxy', error: 'idle_timeout' })).toBe(
      '2025-11-17T15:00:01Z INFO tunnel client_ip=192.168.1.100 listener=db protocol=tcp bytes_received=10 ' +
        'bytes_sent=20 duration=1m1s backend=db-1 ended_by=proxy error=idle_timeout\n',
    );
  });

  it('names the request that became a tunnel', () => {
    expect(tunnelLine({}, { protocol: 'websocket', requestId: 'r-1', ...TRACED })).toMatch(
      / protocol=websocket .* request_id=r-1 trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331\n$/,
    );
  });
});

describe('the query of a request', () => {
  it('stands in the request line of common and combined', () => {
    for (const format of ['common', 'combined'] as const)
      expect(exchangeLine({ format }, { query: 'page=2&q="' })).toContain(
        '"GET /api/users?page=2&q=\\" HTTP/1.1"',
      );
  });

  it('is a field to choose for text and JSON, empty where there is none', () => {
    expect(exchangeLine({ format: 'text', fields: ['path', 'query'] }, { query: 'page=2' })).toBe(
      '2025-11-17T15:00:01Z INFO access path=/api/users query="page=2"\n',
    );
    expect(exchangeLine({ format: 'json', fields: ['level', 'message', 'query'] })).toBe(
      '{"level":"info","message":"access","query":""}\n',
    );
    expect(exchangeLine({ format: 'json' }, { query: 'page=2' })).not.toContain('page');
  });

  it('can be filtered by', () => {
    const settings = { format: 'text', fields: ['path'], filter: 'query contains "page"' } as const;
    expect(exchangeLine(settings, { query: 'page=2' })).not.toBe('');
    expect(exchangeLine(settings)).toBe('');
  });
});

describe('the access log as JSON', () => {
  it('has a level and a message in its own places of text, chosen or not', () => {
    expect(exchangeLine({ format: 'text', fields: ['level', 'message', 'path'] })).toBe(
      '2025-11-17T15:00:01Z INFO access path=/api/users\n',
    );
  });

  it('begins with the documented fields in the documented order', () => {
    expect(exchangeLine({ format: 'json' }, { durationMs: 45 })).toBe(
      '{"timestamp":"2025-11-17T15:00:01.999Z","level":"info","message":"access","method":"GET",' +
        '"path":"/api/users","status":200,"duration_ms":45,"client_ip":"192.168.1.100","protocol":"HTTP/1.1","bytes":1234,"user_agent":"curl/7.64.1",' +
        '"backend":"backend-1","host":"example.com","route":"api"}\n',
    );
  });

  it('reads back as what went in, whatever a client sends', () => {
    const changes = {
      path: '/\u0000"\\\n\u2028\u0085ÿ',
      userAgent: '{"a":1}\u202e',
      host: 'h"',
      requestId: 'r-1',
      ...TRACED,
      error: 'client_abort' as const,
      durationMs: 1.23456,
    };
    const line = exchangeLine({ format: 'json' }, changes);
    expect(line.split('\n')).toHaveLength(2);
    expect(JSON.parse(line)).toMatchObject({
      path: changes.path,
      user_agent: changes.userAgent,
      host: 'h"',
      request_id: 'r-1',
      trace_id: changes.traceId,
      span_id: changes.spanId,
      error: 'client_abort',
      duration_ms: 1.235,
    });
  });

  it('has a line for a tunnel', () => {
    expect(JSON.parse(tunnelLine({ format: 'json' }, { backend: undefined }))).toEqual({
      timestamp: '2025-11-17T15:00:01.999Z',
      level: 'info',
      message: 'tunnel',
      listener: 'db',
      protocol: 'tcp',
      duration_ms: 61_000,
      client_ip: '192.168.1.100',
      bytes_received: 10,
      bytes_sent: 20,
      upstream: 'db',
      backend: '',
      ended_by: 'client',
    });
  });

  it('writes the values of each record, also where many in a row are the same', () => {
    const agents = ['a', 'a', 'b', '', 'a'];
    const text = textOf({ format: 'json' }, (log) => {
      for (const [index, userAgent] of agents.entries())
        log.exchange(exchangeRecord({ userAgent, backend: backendNamed(`backend-${index >> 1}`) }));
    });
    const lines = text.split('\n').slice(0, -1);
    const fields = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(fields.map((line) => line['user_agent'])).toEqual(agents);
    expect(fields.map((line) => line['backend'])).toEqual([0, 0, 1, 1, 2].map((n) => `backend-${n}`));
  });

  it('has durations in milliseconds, to the microsecond', () => {
    const durations = [0, 0.0004, 0.0005, 0.5, 1, 1.23, 1.234, 12.007, 45, 99_999.999, 86_400_000.5];
    for (const durationMs of durations) {
      const line = exchangeLine({ format: 'json' }, { durationMs });
      expect(line).toContain(`"duration_ms":${Math.round(durationMs * 1000) / 1000},`);
    }
  });

  it('is whole although a plugin leaves something out', () => {
    const bare = { clientAddress: '10.0.0.1', startedAtMs: 0, durationMs: 1 } as unknown as TunnelRecord;
    const text = textOf({ format: 'json' }, (log) => log.tunnel(bare));
    expect(JSON.parse(text)).toEqual({
      timestamp: '2025-11-17T15:00:01.999Z',
      level: 'info',
      message: 'tunnel',
      listener: '',
      protocol: '',
      duration_ms: 1,
      client_ip: '10.0.0.1',
      bytes_received: 0,
      bytes_sent: 0,
      upstream: '',
      backend: '',
      ended_by: '',
    });
  });

  it('stays JSON when a plugin reports nonsense', () => {
    const line = exchangeLine(
      { format: 'json' },
      { durationMs: Number.NaN, bytesSent: Number.POSITIVE_INFINITY },
    );
    expect(JSON.parse(line)).toMatchObject({ duration_ms: 0, bytes: 0 });
  });
});

describe('the common formats', () => {
  it('are those of web servers', () => {
    expect(exchangeLine({ format: 'common' })).toBe(
      '192.168.1.100 - - [17/Nov/2025:15:00:01 +0000] "GET /api/users HTTP/1.1" 200 1234\n',
    );
    expect(exchangeLine({ format: 'combined' }, { referer: 'https://example.com/' })).toBe(
      '192.168.1.100 - - [17/Nov/2025:15:00:01 +0000] "GET /api/users HTTP/1.1" 200 1234 ' +
        '"https://example.com/" "curl/7.64.1"\n',
    );
  });

  it('have a dash for what is not there', () => {
    expect(
      exchangeLine(
        { format: 'combined' },
        { method: '', path: '', status: 400, bytesSent: 0, userAgent: '', clientAddress: '' },
      ),
    ).toBe('- - - [17/Nov/2025:15:00:01 +0000] "-" 400 - "-" "-"\n');
  });

  it('escape quotes and what is not plain text', () => {
    const line = exchangeLine({ format: 'combined' }, { path: '/"\\\n\u001b', userAgent: 'ü\u202e' });
    expect(line).toContain('"GET /\\"\\\\\\x0a\\x1b HTTP/1.1"');
    expect(line).toContain('"\\xc3\\xbc\\xe2\\x80\\xae"\n');
  });

  it('have no lines for tunnels', () => {
    expect(tunnelLine({ format: 'common' })).toBe('');
    expect(tunnelLine({ format: 'combined' })).toBe('');
  });
});

describe('chosen fields', () => {
  it('come in the chosen order', () => {
    const fields = ['status', 'duration', 'timestamp', 'request_id', 'backend_address', 'bytes'] as const;
    expect(exchangeLine({ format: 'json', fields }, { requestId: 'r' })).toBe(
      '{"status":200,"duration_ms":150,"timestamp":"2025-11-17T15:00:01.999Z","request_id":"r",' +
        '"backend_address":"backend-1:8080","bytes":1234}\n',
    );
    expect(exchangeLine({ fields }, { requestId: 'r' })).toBe(
      '2025-11-17T15:00:01Z INFO access status=200 duration=150ms request_id=r backend_address=backend-1:8080 bytes=1234\n',
    );
  });

  it('are left out of the lines of what does not have them', () => {
    const fields = ['path', 'error', 'client_ip', 'bytes', 'ended_by'] as const;
    expect(tunnelLine({ format: 'json', fields })).toBe(
      '{"client_ip":"192.168.1.100","bytes_sent":20,"ended_by":"client"}\n',
    );
    expect(exchangeLine({ format: 'json', fields: ['error', 'ended_by'] })).toBe('{}\n');
  });

  it('are the only ones in a line', () => {
    const line = exchangeLine({ fields: ['status'] }, { requestId: 'r', ...TRACED, error: 'no_backend' });
    expect(line).toBe('2025-11-17T15:00:01Z INFO access status=200\n');
  });
});

describe('a filter', () => {
  const passes = (filter: string, changes: Partial<ExchangeRecord> = {}): boolean =>
    exchangeLine({ filter }, changes) !== '';

  it('lets through what it holds for', () => {
    const filter = 'status >= 500 or duration > 1s';
    expect(passes(filter)).toBe(false);
    expect(passes(filter, { status: 503 })).toBe(true);
    expect(passes(filter, { durationMs: 1001 })).toBe(true);
    expect(passes('not (method == GET and path starts_with /api)')).toBe(false);
    expect(passes('error')).toBe(false);
    expect(passes('error', { error: 'no_route' })).toBe(true);
    expect(passes('backend in (backend-1, backend-2) and bytes < 10KB')).toBe(true);
  });

  it('compares tunnels by what they have', () => {
    expect(tunnelLine({ filter: 'bytes_received >= 10 and listener == db' })).not.toBe('');
    expect(tunnelLine({ filter: 'status < 500' })).toBe('');
    expect(tunnelLine({ filter: 'path' })).toBe('');
  });
});

describe('sampling', () => {
  const ids = Array.from({ length: 2000 }, (_, n) => `request-${n}`);
  const kept = (sample: number, changes: Partial<ExchangeRecord> = {}): Set<string> => {
    const text = textOf({ format: 'json', sample }, (log) => {
      for (const requestId of ids) log.exchange(exchangeRecord({ requestId, ...changes }));
    });
    const lines = text.split('\n').slice(0, -1);
    return new Set(lines.map((line) => (JSON.parse(line) as { request_id: string }).request_id));
  };

  it('keeps about the share that was asked for, and always the same requests', () => {
    const tenth = kept(0.1);
    expect(tenth.size).toBeGreaterThan(120);
    expect(tenth.size).toBeLessThan(280);
    expect(kept(0.1)).toEqual(tenth);
    const half = kept(0.5);
    expect([...tenth].every((id) => half.has(id))).toBe(true);
    expect(kept(0).size).toBe(0);
    expect(kept(1).size).toBe(ids.length);
  });

  it('keeps all errors', () => {
    expect(kept(0, { status: 500 }).size).toBe(ids.length);
    expect(kept(0, { status: 400, error: 'bad_request' }).size).toBe(ids.length);
    expect(tunnelLine({ sample: 0 }, { error: 'connect_failed' })).not.toBe('');
  });

  it('goes by chance where there is no request id', () => {
    const tunnels = (random: number): string =>
      textOf({ sample: 0.3 }, (log) => log.tunnel(tunnelRecord()), random);
    expect(tunnels(0.29)).not.toBe('');
    expect(tunnels(0.31)).toBe('');
  });

  it('does not bring back what the filter leaves out', () => {
    expect(exchangeLine({ sample: 1, filter: 'status == 200' }, { status: 500 })).toBe('');
  });
});

describe('details', () => {
  const detailed = (settings: Settings): boolean => {
    const sink = new LogSink(new RecordedOutput());
    return new AccessLog(sink, { format: 'json', sample: 1, ...settings }).detailed;
  };

  it('are asked for only by what shows or compares them', () => {
    expect(detailed({})).toBe(true);
    expect(detailed({ format: 'combined' })).toBe(true);
    expect(detailed({ fields: ['status', 'duration', 'client_ip'] })).toBe(false);
    expect(detailed({ fields: ['status', 'user_agent'] })).toBe(true);
    expect(detailed({ fields: ['status'], filter: 'status > 1' })).toBe(false);
    expect(detailed({ fields: ['status'], filter: 'not host == a' })).toBe(true);
    // The request id decides.
    expect(detailed({ fields: ['status'], sample: 0.5 })).toBe(true);
  });
});

describe('no line', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '\r\nINFO access',
      '"} {"a":"',
      '\u2028',
      'x" status=500 y="',
      '\ud800',
      '\\',
      "'",
      '-',
      ' ',
    ),
  );
  const record = fc.record({
    listener: nasty,
    clientAddress: nasty,
    method: nasty,
    path: nasty,
    host: nasty,
    protocol: nasty,
    userAgent: nasty,
    referer: nasty,
    requestId: nasty,
    traceId: nasty,
    spanId: nasty,
    route: nasty,
    upstream: nasty,
    algorithm: nasty,
    error: nasty,
    endedBy: nasty,
    backendName: nasty,
  });
  const fields = [...EXCHANGE_COLUMNS.keys(), 'ended_by' as const];
  const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

  it.each(['text', 'json', 'common', 'combined'] as const)(
    'can be forged, broken or coloured by anything in a record (%s)',
    (format) => {
      fc.assert(
        fc.property(record, ({ backendName, ...given }) => {
          const changes = { ...given, backend: backendNamed(backendName) } as unknown as ExchangeRecord &
            TunnelRecord;
          const plain = format === 'common' || format === 'combined';
          const settings = { format, ...(plain ? {} : { fields }) };
          const lines = [exchangeLine(settings, changes), ...(plain ? [] : [tunnelLine(settings, changes)])];
          for (const line of lines) {
            expect(line.endsWith('\n')).toBe(true);
            expect(line.slice(0, -1)).not.toMatch(HARMFUL);
            if (format === 'json') expect(JSON.parse(line)).toMatchObject({ upstream: given.upstream });
            if (format === 'text') expect(withoutQuoted(line)).not.toMatch(/ (?!\w+=|INFO|access|tunnel)/);
            if (plain) expect(withoutQuoted(line)).toMatch(/^\S+ - - \[[^\]]+\] "" 200 1234( "" "")?\n$/);
          }
        }),
        { numRuns: 300 },
      );
    },
  );

  /** A line whose quoted texts are empty, as a reader that knows the escapes sees it. */
  function withoutQuoted(line: string): string {
    return line.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  }
});
