import { describe, expect, it } from 'vitest';

import type {
  Answer,
  ExchangeRecord,
  FilterRequest,
  HttpFilter,
  LogFields,
  Upstream,
  Verdict,
} from '../../../../../src/plugin-api/index.ts';
import { FilterChain } from '../../../../../plugins/http/filters/filter-chain.ts';
import { FilterRun } from '../../../../../plugins/http/filters/filter-run.ts';
import type { FilteredExchange } from '../../../../../plugins/http/filters/filtered-exchange.ts';
import { RequestFields } from '../../../../../plugins/http/filters/head-fields.ts';
import { RequestView } from '../../../../../plugins/http/filters/request-view.ts';
import { ResponseView } from '../../../../../plugins/http/filters/response-view.ts';
import { Head } from '../../../../../plugins/http/h1/parse/head.ts';
import { RecordingLogger } from '../../../../support/recording-logger.ts';

const UPSTREAM = { name: 'app' } as Upstream;
const OTHER = { name: 'other' } as Upstream;
const FORBIDDEN: Answer = { status: 403, body: 'no' };
const RECORD = {} as ExchangeRecord;

/** A head in memory that the next message overwrites. */
class BorrowedHead extends RequestFields {
  readonly fields: Record<string, string>;
  copies = 0;

  constructor(fields: Record<string, string>) {
    super(new Head());
    this.fields = fields;
  }

  override joinedValue(lowerName: string): string | undefined {
    return this.fields[lowerName];
  }

  override retain(): BorrowedHead {
    this.copies += 1;
    return new BorrowedHead({ ...this.fields });
  }
}

/** Notes what the run tells it. */
class FakeExchange implements FilteredExchange {
  readonly requestId = 'id-1';
  readonly method = 'GET';
  readonly host = 'example.test';
  readonly clientAddress = '192.0.2.1';
  readonly listener = 'web';
  readonly routeName = 'all';
  readonly isSecure = false;
  readonly tls = undefined;
  readonly logger = new RecordingLogger();
  readonly events: string[] = [];
  readonly head = new BorrowedHead({ accept: 'text/html', cookie: 'a=1', connection: 'close' });
  readonly run: FilterRun;

  constructor(filters: readonly HttpFilter[]) {
    const chain = FilterChain.of(filters);
    if (chain === undefined) throw new Error('a test needs filters');
    this.run = new FilterRun(chain, this, new RequestView(this, this.head, '/a?b=1', UPSTREAM));
  }

  logFields(): LogFields {
    return { request_id: this.requestId };
  }

  reportFailure(filter: string, error: unknown): void {
    this.logger.error('Filter failed', { filter, error: String(error) });
  }

  readBody(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  keepResponse(): void {
    this.events.push('keeps');
  }

  /** What the client gets; undefined when a filter failed or waits. */
  shown(view: ResponseView): ResponseView | undefined {
    let shown: ResponseView | undefined;
    this.run.respond(view, (seen) => {
      shown = seen;
    });
    return shown;
  }

  filterWaits(): void {
    this.events.push('waits');
  }

  filtersPassed(): void {
    this.events.push('passed');
  }

  filterAnswered({ status }: Answer): void {
    this.events.push(`answered ${status}`);
  }

  filterFailed(name: string): void {
    this.events.push(`failed ${name}`);
  }

  broke(error: unknown): void {
    this.events.push(`broke ${String(error)}`);
  }
}

/** A filter whose hooks write into `calls`. */
function noting(name: string, calls: string[], verdict?: Verdict): HttpFilter {
  return {
    name,
    request: () => {
      calls.push(`${name} request`);
      return verdict;
    },
    response: ({ status, origin }) => {
      calls.push(`${name} response ${origin} ${status}`);
      return undefined;
    },
    done: () => calls.push(`${name} done`),
  };
}

function note(calls: string[], call: string): undefined {
  calls.push(call);
}

function pending(): {
  promise: Promise<Verdict>;
  resolve: (verdict: Verdict) => void;
  reject: (error: unknown) => void;
} {
  let resolve: (verdict: Verdict) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<Verdict>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

function backendResponse(status = 200, fields: Record<string, string> = {}): ResponseView {
  return ResponseView.ofBackend(status, { joinedValue: (name) => fields[name] });
}

describe('a run of filters', () => {
  it('asks all in their order and lets the request go on, without a copy of its head', () => {
    const calls: string[] = [];
    const exchange = new FakeExchange([
      { name: 'one', request: () => note(calls, 'one') },
      { name: 'two', request: () => note(calls, 'two') },
    ]);
    exchange.run.advance();
    expect(calls).toEqual(['one', 'two']);
    expect(exchange.events).toEqual(['passed']);
    expect(exchange.head.copies).toBe(0);
  });

  it('ends with the first answer', () => {
    const calls: string[] = [];
    const exchange = new FakeExchange([
      noting('one', calls),
      noting('two', calls, FORBIDDEN),
      noting('three', calls),
    ]);
    exchange.run.advance();
    expect(exchange.events).toEqual(['answered 403']);
    expect(calls).toEqual(['one request', 'two request']);
  });

  it('shows responses and the end to the filters that were reached, the last one first', () => {
    const calls: string[] = [];
    const exchange = new FakeExchange([
      noting('one', calls),
      noting('two', calls, FORBIDDEN),
      noting('three', calls),
    ]);
    exchange.run.advance();
    exchange.shown(ResponseView.ofAnswer(FORBIDDEN, 'filter'));
    exchange.run.done(RECORD);
    expect(calls.slice(2)).toEqual([
      'two response filter 403',
      'one response filter 403',
      'two done',
      'one done',
    ]);
  });

  it('waits for a promise, with a head of its own, and goes on with the next filter', async () => {
    const first = pending();
    const calls: string[] = [];
    const exchange = new FakeExchange([
      { name: 'waits', request: () => first.promise },
      {
        name: 'next',
        request: (request) => {
          calls.push(`next ${request.header('Accept') ?? ''}`);
          return undefined;
        },
      },
    ]);
    exchange.run.advance();
    expect(exchange.events).toEqual(['waits']);
    expect(exchange.run.isWaiting).toBe(true);
    exchange.head.fields['accept'] = 'overwritten';
    first.resolve(undefined);
    await first.promise;
    await Promise.resolve();
    expect(exchange.events).toEqual(['waits', 'passed']);
    expect(calls).toEqual(['next text/html']);
    expect(exchange.run.isWaiting).toBe(false);
  });

  it('answers with what a promise brings', async () => {
    const gate = pending();
    const exchange = new FakeExchange([{ name: 'gate', request: () => gate.promise }]);
    exchange.run.advance();
    gate.resolve(FORBIDDEN);
    await new Promise(setImmediate);
    expect(exchange.events).toEqual(['waits', 'answered 403']);
  });

  it('ignores a promise once the client left, and says so to the filter', async () => {
    const gate = pending();
    let request: FilterRequest | undefined;
    const exchange = new FakeExchange([
      {
        name: 'gate',
        request: (asked) => {
          request = asked;
          return gate.promise;
        },
      },
    ]);
    exchange.run.advance();
    const signal = request?.gone;
    expect(signal?.aborted).toBe(false);
    exchange.run.cancel();
    expect(signal?.aborted).toBe(true);
    gate.resolve(FORBIDDEN);
    await new Promise(setImmediate);
    expect(exchange.events).toEqual(['waits']);
  });

  it('ignores a rejection that comes too late', async () => {
    const gate = pending();
    const exchange = new FakeExchange([{ name: 'gate', request: () => gate.promise }]);
    exchange.run.advance();
    exchange.run.cancel();
    gate.reject(new Error('late'));
    await new Promise(setImmediate);
    expect(exchange.events).toEqual(['waits']);
    expect(exchange.logger.lines).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['gives a status that is none', () => ({ status: 99 })],
    ['promises a status that is none', () => Promise.resolve({ status: 1000 })],
    ['gives a header that is none', () => ({ status: 200, headers: { 'X-A': 'a\r\nb' } })],
    ['gives a body that is none', () => ({ status: 200, body: 5 as unknown as string })],
  ] as const)('fails the request when a filter %s', async (_, request) => {
    const exchange = new FakeExchange([{ name: 'bad', request }]);
    exchange.run.advance();
    await new Promise(setImmediate);
    expect(exchange.events.at(-1)).toBe('failed bad');
    expect(exchange.logger.lines[0]).toContain('Filter failed');
  });

  it('shows no response to filters after one of them failed', () => {
    const calls: string[] = [];
    const exchange = new FakeExchange([
      noting('one', calls),
      {
        name: 'bad',
        response: () => {
          throw new Error('broken');
        },
      },
    ]);
    exchange.run.advance();
    expect(exchange.shown(backendResponse())).toBeUndefined();
    const error: Answer = { status: 500 };
    expect(exchange.shown(ResponseView.ofAnswer(error, 'proxy'))?.answer).toBe(error);
    expect(calls).toEqual(['one request']);
  });

  it('tells every filter of the end, even when one of them throws', () => {
    const calls: string[] = [];
    const exchange = new FakeExchange([
      noting('one', calls),
      {
        name: 'bad',
        done: () => {
          throw new Error('broken');
        },
      },
    ]);
    exchange.run.advance();
    exchange.run.done(RECORD);
    expect(calls).toEqual(['one request', 'one done']);
    expect(exchange.events).toEqual(['passed']);
  });

  it('lets a filter put an answer in the place of a response, for the others to see', () => {
    const calls: string[] = [];
    const exchange = new FakeExchange([
      noting('one', calls),
      {
        name: 'page',
        response: ({ status }) => (status === 502 ? { status: 503, body: 'sorry' } : undefined),
      },
    ]);
    exchange.run.advance();
    expect(exchange.shown(backendResponse(502))?.answer).toEqual({ status: 503, body: 'sorry' });
    expect(calls).toEqual(['one request', 'one response filter 503']);
  });
});

describe('what filters see of a request', () => {
  function view(filter: (request: FilterRequest) => void): FakeExchange {
    const exchange = new FakeExchange([
      {
        name: 'f',
        request: (request) => {
          filter(request);
          return undefined;
        },
      },
    ]);
    exchange.run.advance();
    return exchange;
  }

  it('is a message without what belongs to the connection', () => {
    view((request) => {
      expect(request).toMatchObject({
        id: 'id-1',
        method: 'GET',
        target: '/a?b=1',
        path: '/a',
        route: 'all',
      });
      expect(request.header('ACCEPT')).toBe('text/html');
      expect(request.header('connection')).toBeUndefined();
    });
  });

  it('has what filters before changed', () => {
    view((request) => {
      request.setHeader('Accept', 'a/b');
      request.addHeader('accept', 'c/d');
      expect(request.header('accept')).toBe('a/b, c/d');
      request.removeHeader('Accept');
      expect(request.header('accept')).toBeUndefined();
      request.addHeader('Cookie', 'b=2');
      expect(request.header('cookie')).toBe('a=1; b=2');
      request.setTarget('/x?y');
      expect(request.path).toBe('/x');
      request.forwardTo(OTHER);
      expect(request.upstream).toBe(OTHER);
    });
  });

  it.each([
    [
      'a name',
      (request: FilterRequest) => {
        request.setHeader('a b', 'x');
      },
    ],
    [
      'a value',
      (request: FilterRequest) => {
        request.setHeader('a', 'x\ny');
      },
    ],
    [
      'a header that frames the body',
      (request: FilterRequest) => {
        request.removeHeader('Content-Length');
      },
    ],
    [
      'a second Host',
      (request: FilterRequest) => {
        request.addHeader('Host', 'b');
      },
    ],
    [
      'a target without a slash',
      (request: FilterRequest) => {
        request.setTarget('x');
      },
    ],
    [
      'a target with a blank',
      (request: FilterRequest) => {
        request.setTarget('/x y');
      },
    ],
    [
      'a target with a fragment',
      (request: FilterRequest) => {
        request.setTarget('/x#y');
      },
    ],
  ])('refuses %s that can not be sent', (_, change) => {
    expect(view(change).events).toEqual(['failed f']);
  });

  it('is not another message once the request went on', () => {
    let kept: FilterRequest | undefined;
    const exchange = view((request) => {
      kept = request;
    });
    exchange.head.fields['accept'] = 'of another client';
    expect(kept?.header('accept')).toBeUndefined();
  });

  it('stays readable for filters that see the response', () => {
    let seen: string | undefined;
    const exchange = new FakeExchange([
      {
        name: 'f',
        response: (_, request) => {
          seen = request.header('accept');
          return undefined;
        },
      },
    ]);
    exchange.run.advance();
    exchange.head.fields['accept'] = 'of another client';
    exchange.shown(backendResponse());
    expect(seen).toBe('text/html');
  });
});
