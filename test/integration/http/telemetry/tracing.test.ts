import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client, fate } from '../../../support/peers/clients.ts';
import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import { OtlpCollector } from '../../../support/collectors/otlp-collector.ts';
import { owned } from '../../../support/owned.ts';
import type { BackendScript } from '../../../support/peers/recording-backend.ts';
import type { CollectedSpan } from '../../../support/collectors/trace-collector.ts';
import { get } from '../scene.ts';

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
  script?: BackendScript,
): Promise<TracedScene> {
  const collector = owned(new OtlpCollector());
  await collector.listen();
  const seen: Message[] = [];
  const server = await backend(script ?? answering(() => ok('hello'), seen));
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

describe('each try', () => {
  it.each([1, 0])(
    'has a span id of its own in the traceparent that its backend gets, with a sample rate of %d',
    async (rate) => {
      const told: string[] = [];
      // Each connection serves one request and ends without a word at the next one, as a server does that has just timed out.
      const { ask, spans, proxy } = await tracedScene(`sample_rate: ${rate}`, [], 'http', (connection) => {
        let requests = 0;
        connection.socket.on('data', (bytes: Buffer) => {
          told.push(/traceparent: 00-[0-9a-f]{32}-([0-9a-f]{16})-/.exec(bytes.toString())![1]!);
          requests += 1;
          if (requests === 1) connection.send(ok());
          else connection.socket.destroy();
        });
      });
      const peer = await client(proxy.address());
      for (let i = 0; i < 2; i++) {
        peer.send(get('/again'));
        expect(statusOf(await readMessage(peer))).toBe(200);
      }
      expect(told).toHaveLength(3);
      expect(new Set(told).size).toBe(3);
      if (rate === 0) return;
      const tries = (await spans(9)).filter(({ name }) => name.startsWith('backend: '));
      expect(tries.map(({ spanId }) => spanId).sort()).toEqual([...told].sort());
      const failed = tries.filter(({ tags }) => tags['error.type'] === 'backend_reset');
      expect(failed.map(({ spanId }) => spanId)).toEqual([told[1]]);
      peer.socket.destroy();
      expect(statusOf(await ask())).toBe(200);
    },
  );

  const HEDGE = 'sample_rate: 1 }\nresilience: { hedge: { after: 20ms }';
  /** The spans of the tries at b0 and b1. */
  function triesOf(spans: readonly CollectedSpan[]) {
    const tries = spans.filter(({ name }) => name.startsWith('backend: '));
    return ['b0', 'b1'].map((backend) => tries.find(({ tags }) => tags['backend'] === backend)!);
  }

  it('of two beside each other has a span, and the one that is outrun is no error', async () => {
    const slowSeen: Message[] = [];
    const slow = await backend(answering(() => new Promise(() => undefined), slowSeen));
    const { ask, seen, spans } = await tracedScene(HEDGE, [slow.address]);
    expect(statusOf(await ask())).toBe(200);
    const all = await spans(5);
    const root = all.find(({ name }) => name === 'GET /path')!;
    const [outrun, won] = triesOf(all);
    expect([outrun!.parentSpanId, won!.parentSpanId]).toEqual([root.spanId, root.spanId]);
    expect(outrun!.tags).toMatchObject({ 'balance.hedge': 'lost' });
    expect([outrun!.tags['error'], outrun!.tags['error.type']]).toEqual([undefined, undefined]);
    expect(won!.tags).toMatchObject({ 'http.status_code': 200, 'http.request.resend_count': 1 });
    const told = [slowSeen, seen].map(([message]) => fieldValues(message!, 'traceparent'));
    expect(told).toEqual([outrun, won].map((span) => [`00-${root.traceId}-${span!.spanId}-01`]));
  });

  it('that answers before one beside it counts as sent once', async () => {
    let answer: (text: string) => void = () => undefined;
    const answered = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const slow = await backend(answering(() => answered));
    const { ask, spans } = await tracedScene(HEDGE, [slow.address], 'http', async (connection) => {
      await readMessage(connection);
      answer(ok('first'));
    });
    expect((await ask()).body.toString()).toBe('first');
    const [won, outrun] = triesOf(await spans(5));
    expect(outrun!.tags).toMatchObject({ 'balance.hedge': 'lost' });
    expect([won!.tags['http.status_code'], won!.tags['http.request.resend_count']]).toEqual([200, undefined]);
  });

  it('leaves the trace out where a transform removes or replaces it', async () => {
    const { ask, seen } = await tracedScene(
      'sample_rate: 1, propagation: [w3c, b3] }\ntransform: { request_headers: [{ action: set, name: traceparent, value: mine }, { action: remove, name: b3 }]',
    );
    await ask();
    expect(fieldValues(seen[0]!, 'traceparent')).toEqual(['mine']);
    expect(fieldValues(seen[0]!, 'b3')).toEqual([]);
  });
});

describe('a trace that is named twice', () => {
  const OTHER = `00-${'a'.repeat(32)}-${SPAN}-01`;

  it.each([
    [
      'w3c',
      `traceparent: 00-${TRACE}-${SPAN}-01\r\nX: 1\r\nTraceparent: ${OTHER}\r\ntracestate: a=b\r\n`,
      'traceparent',
    ],
    ['b3', `b3: ${TRACE}-${SPAN}-1\r\nB3: ${'a'.repeat(32)}-${SPAN}-1\r\n`, 'b3'],
    [
      'b3-multi',
      `X-B3-TraceId: ${TRACE}\r\nX-B3-TraceId: ${TRACE}\r\nX-B3-SpanId: ${SPAN}\r\n`,
      'x-b3-traceid',
    ],
    [
      'jaeger',
      `uber-trace-id: ${TRACE}:${SPAN}:0:1\r\nuber-trace-id: ${TRACE}:${SPAN}:0:1\r\n`,
      'uber-trace-id',
    ],
  ])('does not count, and another one begins: %s', async (format, lines, name) => {
    const { ask, seen, spans } = await tracedScene(`sample_rate: 1, propagation: [${format}]`);
    await ask(lines);
    const [root] = (await spans(4)).filter(({ parentSpanId }) => parentSpanId === ROOT);
    expect(root?.name).toBe('GET /path');
    const values = fieldValues(seen[0]!, name);
    expect(values).toHaveLength(1);
    expect(values[0]).toContain(root!.traceId);
    expect([TRACE, 'a'.repeat(32)]).not.toContain(root!.traceId);
    expect(fieldValues(seen[0]!, 'tracestate')).toEqual([]);
  });
});

describe('the line of a traced tunnel', () => {
  const lineOf = async (proxy: LabProxy): Promise<Record<string, string>> => {
    const line = await proxy.untilLogged('INFO tunnel');
    return Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key!, value!]));
  };

  it('has the ids of its span, and an id of its own, for a TCP connection', async () => {
    const { ask, spans, proxy } = await tracedScene('sample_rate: 1', [], 'tcp');
    await ask();
    const line = await lineOf(proxy);
    const [span] = await spans(1);
    expect([line['trace_id'], line['span_id']]).toEqual([span?.traceId, span?.spanId]);
    expect(line['request_id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(span?.tags['balance.request_id']).toBe(line['request_id']);
  });

  it('names the same connection as the line that says why there was no tunnel', async () => {
    const dead = await deadAddress();
    const proxy = await labProxy(
      `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [{ name: b0, address: '${dead}' }]\ntracing: { endpoint: 'http://${dead}/', sample_rate: 0 }\n`,
    );
    expect(await fate(proxy.address())).toBe('reset');
    const line = await lineOf(proxy);
    const warning = await proxy.untilLogged('connection refused');
    for (const id of ['request_id', 'trace_id', 'span_id']) expect(warning).toContain(`${id}=${line[id]}`);
  });

  it('has the ids of its span below that of the request that became it', async () => {
    const { spans, proxy } = await tracedScene('sample_rate: 1', [], 'http', (connection) => {
      connection.socket.once('data', () => {
        connection.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n');
        connection.socket.end();
      });
    });
    const peer = await client(proxy.address());
    peer.send(
      get('/chat', `Connection: Upgrade\r\nUpgrade: chat\r\ntraceparent: 00-${TRACE}-${SPAN}-01\r\n`),
    );
    const head = await peer.untilText('\r\n\r\n');
    peer.socket.end();
    const line = await lineOf(proxy);
    const all = await spans(4);
    const tunnel = all.find(({ name }) => name.startsWith('tunnel: '));
    const request = all.find(({ name }) => name === 'GET /chat');
    expect(line).toMatchObject({ trace_id: TRACE, span_id: tunnel?.spanId });
    expect(head).toContain(`X-Request-ID: ${line['request_id']}`);
    expect(tunnel?.parentSpanId).toBe(request?.spanId);
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
