import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/answering.ts';
import { backend } from '../../support/backends.ts';
import { client } from '../../support/clients.ts';
import { deadAddress } from '../../support/dead-address.ts';
import { eventually } from '../../support/eventually.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../support/http-message.ts';
import { labProxy, type LabProxy } from '../../support/lab-proxy.ts';
import { OtlpCollector } from '../../support/otlp-collector.ts';
import { owned } from '../../support/owned.ts';
import type { CollectedSpan } from '../../support/trace-collector.ts';
import { get } from './scene.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const ROOT = '0'.repeat(16);

interface TracedScene {
  readonly proxy: LabProxy;
  readonly seen: Message[];
  ask(lines?: string): Promise<Message>;
  /** The spans that the collector has, as soon as there are so many. */
  spans(count: number): Promise<readonly CollectedSpan[]>;
}

async function tracedScene(
  settings: string,
  before: readonly string[] = [],
  mode = 'http',
): Promise<TracedScene> {
  const collector = owned(new OtlpCollector());
  await collector.listen();
  const seen: Message[] = [];
  const server = await backend(answering(() => ok('hello'), seen));
  const backends = [...before, server.address].map((address, i) => `{ name: b${i}, address: '${address}' }`);
  const proxy = await labProxy(`mode: ${mode}
listen: '127.0.0.1:0'
reload: { watch: false }
backends: [${backends.join(', ')}]
tracing: { exporter: otlp, endpoint: '${collector.endpoint}', ${settings} }
`);
  return {
    proxy,
    seen,
    async ask(lines = '') {
      const peer = await client(proxy.address());
      peer.send(get('/path?query', lines));
      const response = await readMessage(peer);
      peer.socket.destroy();
      return response;
    },
    spans: (count) =>
      eventually(
        () => Promise.resolve(collector.spans.length >= count ? collector.spans : undefined),
        `${count} spans`,
      ),
  };
}

describe('a traced request', () => {
  it('names the client as it wrote itself in UTF-8', async () => {
    const { ask, spans } = await tracedScene('service_name: test');
    await ask(Buffer.from('User-Agent: Zoë/1 日本\r\n').toString('latin1'));
    const root = (await spans(4)).find(({ name }) => name === 'GET /path')!;
    expect(root.tags['user_agent.original']).toBe('Zoë/1 日本');
  });

  it('reaches the collector over OTLP with the parents that the wire names', async () => {
    const { ask, seen, spans } = await tracedScene('propagation: [w3c]');
    await ask(`traceparent: 00-${TRACE}-${SPAN}-01\r\ntracestate: a=b\r\nb3: untouched\r\n`);
    const all = await spans(4);
    const root = all.find(({ name }) => name === 'GET /path')!;
    const upstream = all.find(({ name }) => name.startsWith('backend: GET http://127.0.0.1:'))!;
    expect(root).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, service: 'balance' });
    for (const span of all) if (span !== root) expect(span.parentSpanId).toBe(root.spanId);
    expect(fieldValues(seen[0]!, 'traceparent')).toEqual([`00-${TRACE}-${upstream.spanId}-01`]);
    expect(fieldValues(seen[0]!, 'tracestate')).toEqual(['a=b']);
    expect(fieldValues(seen[0]!, 'b3')).toEqual(['untouched']);
  });

  it('carries every format that is asked for, in place of what the client sent', async () => {
    const { ask, seen, spans } = await tracedScene('propagation: [b3, b3-multi, jaeger]');
    await ask(
      [
        `b3: ${TRACE}-${SPAN}-1`,
        `X-B3-TraceId: ${TRACE}`,
        `X-B3-SpanId: ${SPAN}`,
        `X-B3-ParentSpanId: ${SPAN}`,
        'X-B3-Sampled: 0',
        'X-B3-Flags: 1',
        `uber-trace-id: ${TRACE}:${SPAN}:0:0`,
        'traceparent: untouched',
        'tracestate: untouched',
        '',
      ].join('\r\n'),
    );
    const all = await spans(4);
    const root = all.find(({ name }) => name === 'GET /path')!;
    const { spanId } = all.find(({ name }) => name.startsWith('backend: '))!;
    const values = (name: string): string[] => fieldValues(seen[0]!, name);
    expect(root).toMatchObject({ traceId: TRACE, parentSpanId: SPAN });
    expect(values('b3')).toEqual([`${TRACE}-${spanId}-1-${root.spanId}`]);
    expect(values('x-b3-traceid')).toEqual([TRACE]);
    expect(values('x-b3-spanid')).toEqual([spanId]);
    expect(values('x-b3-parentspanid')).toEqual([root.spanId]);
    expect(values('x-b3-sampled')).toEqual(['1']);
    expect(values('x-b3-flags')).toEqual([]);
    expect(values('uber-trace-id')).toEqual([`${TRACE}:${spanId}:${root.spanId}:1`]);
    expect(values('traceparent')).toEqual(['untouched']);
    expect(values('tracestate')).toEqual(['untouched']);
  });

  it.each(['w3c', 'b3', 'b3-multi', 'jaeger'])(
    'keeps the fields that are not of the trace: %s',
    async (format) => {
      const { ask, seen } = await tracedScene(`propagation: [${format}]`);
      const lines = ['Referer: http://a/', 'User-Agent: u', 'Accept: */*', 'Date: d', 'Max-Forwards: 3'];
      await ask(lines.map((line) => `${line}\r\n`).join(''));
      expect(seen[0]!.lines).toEqual(expect.arrayContaining(lines));
    },
  );

  it('has a span for the backend that could not be connected to', async () => {
    const { ask, spans } = await tracedScene('sample_rate: 1', [await deadAddress()]);
    for (let i = 0; i < 2; i++) expect(statusOf(await ask())).toBe(200);
    const all = await spans(9);
    const failed = all.filter(({ tags }) => tags['error.type'] === 'connect_failed');
    expect(failed.length).toBeGreaterThan(0);
    const [refused] = failed;
    expect(refused?.tags).toMatchObject({ backend: 'b0', error: true });
    const siblings = all.filter(({ parentSpanId }) => parentSpanId === refused?.parentSpanId);
    expect(siblings.find(({ tags }) => tags['http.status_code'] === 200)?.tags).toMatchObject({
      backend: 'b1',
      'http.request.resend_count': 1,
    });
  });
});

describe('a traced TCP connection', () => {
  it('is one span with what went through it', async () => {
    const { ask, spans, proxy } = await tracedScene('sample_rate: 1', [], 'tcp');
    expect(statusOf(await ask())).toBe(200);
    const [span] = await spans(1);
    expect(span?.name).toMatch(/^tunnel: tcp 127\.0\.0\.1:\d+$/);
    expect(span?.parentSpanId).toBe(ROOT);
    expect(span?.tags).toMatchObject({
      backend: 'b0',
      'balance.listener': [...proxy.app.listeners.keys()][0],
    });
    expect(span?.tags['balance.bytes_received']).toBeGreaterThan(10);
  });
});
