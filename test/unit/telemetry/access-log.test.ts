import { describe, expect, it } from 'vitest';
import type { ExchangeRecord } from '../../../src/plugin-api/telemetry.ts';
import { AccessLog } from '../../../src/telemetry/access-log.ts';
import { LogClock } from '../../../src/telemetry/log-clock.ts';
import type { LogFormat } from '../../../src/telemetry/log-line.ts';
import { LogSink } from '../../../src/telemetry/log-sink.ts';
import { RecordedOutput } from './recorded-output.ts';
import { exchangeRecord, tunnelRecord } from './records.ts';

function textOf(format: LogFormat, write: (log: AccessLog) => void): string {
  const output = new RecordedOutput();
  const sink = new LogSink(output, { describeDrops: () => '' });
  write(new AccessLog(sink, format, new LogClock(() => Date.UTC(2025, 10, 17, 15, 0, 1, 999))));
  sink.flushNow();
  return output.text;
}

const exchangeLine = (format: LogFormat, changes: Partial<ExchangeRecord> = {}): string =>
  textOf(format, (log) => log.exchange(exchangeRecord(changes)));

describe('the access log as text', () => {
  it('has the documented fields in the documented order', () => {
    expect(exchangeLine('text')).toBe(
      '2025-11-17T15:00:01Z INFO access client_ip=192.168.1.100 method=GET path=/api/users protocol=HTTP/1.1 ' +
        'status=200 bytes=1234 duration=150ms user_agent=curl/7.64.1 backend=backend-1\n',
    );
  });

  it('adds request id, trace and error where there are any', () => {
    expect(
      exchangeLine('text', {
        requestId: 'r-1',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        error: 'connect_failed',
        status: 502,
        backend: undefined,
        userAgent: '',
        durationMs: 0.4567,
      }),
    ).toBe(
      '2025-11-17T15:00:01Z INFO access client_ip=192.168.1.100 method=GET path=/api/users protocol=HTTP/1.1 ' +
        'status=502 bytes=1234 duration=0.46ms user_agent=- backend=- request_id=r-1 ' +
        'trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331 error=connect_failed\n',
    );
  });

  it('can not be forged by a client', () => {
    const line = exchangeLine('text', {
      path: '/x status=200 bytes=0\n2025-11-17T15:00:02Z INFO access client_ip=10.0.0.1',
      userAgent: 'a" backend="evil\u001b[2J\\',
      method: 'G\tET',
    });
    expect(line.split('\n')).toHaveLength(2);
    expect(line).toContain(
      'path="/x status=200 bytes=0\\n2025-11-17T15:00:02Z INFO access client_ip=10.0.0.1"',
    );
    expect(line).toContain('user_agent="a\\" backend=\\"evil\\u001b[2J\\\\"');
    expect(line).toContain('method="G\\tET"');
  });

  it('has a line for a tunnel', () => {
    expect(textOf('text', (log) => log.tunnel(tunnelRecord({ error: 'idle_timeout' })))).toBe(
      '2025-11-17T15:00:01Z INFO tunnel client_ip=192.168.1.100 listener=db protocol=tcp bytes_received=10 ' +
        'bytes_sent=20 duration=1m1s backend=db-1 error=idle_timeout\n',
    );
  });
});

describe('the access log as JSON', () => {
  it('begins with the documented fields in the documented order', () => {
    expect(exchangeLine('json', { durationMs: 45 })).toBe(
      '{"timestamp":"2025-11-17T15:00:01Z","method":"GET","path":"/api/users","status":200,"duration_ms":45,' +
        '"client_ip":"192.168.1.100","protocol":"HTTP/1.1","bytes":1234,"user_agent":"curl/7.64.1",' +
        '"backend":"backend-1","host":"example.com","route":"api"}\n',
    );
  });

  it('reads back as what went in, whatever a client sends', () => {
    const changes = {
      path: '/\u0000"\\\n\u2028\u0085ÿ',
      userAgent: '{"a":1}\u202e',
      host: 'h"',
      requestId: 'r-1',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      error: 'client_abort' as const,
      durationMs: 1.23456,
    };
    const line = exchangeLine('json', changes);
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
    expect(JSON.parse(textOf('json', (log) => log.tunnel(tunnelRecord({ backend: undefined }))))).toEqual({
      timestamp: '2025-11-17T15:00:01Z',
      listener: 'db',
      protocol: 'tcp',
      duration_ms: 61_000,
      client_ip: '192.168.1.100',
      bytes_received: 10,
      bytes_sent: 20,
      upstream: 'db',
      backend: '',
    });
  });
});

describe('the access log', () => {
  it('changes its format live', () => {
    const text = textOf('text', (log) => {
      log.exchange(exchangeRecord());
      log.setFormat('json');
      log.exchange(exchangeRecord());
    });
    const [first, second] = text.split('\n');
    expect(first).toContain(' INFO access ');
    expect(JSON.parse(second ?? '')).toMatchObject({ status: 200 });
  });
});
