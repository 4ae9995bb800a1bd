import { describe, expect, it } from 'vitest';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import type { TelemetrySubscriber } from '../../../src/telemetry/telemetry.ts';
import { RequestTracer } from '../../../src/telemetry/traces/context/request-tracer.ts';
import { exchangeRecord, tunnelRecord } from './records.ts';

class Listener implements TelemetrySubscriber {
  readonly detailed: boolean;
  readonly seen: unknown[] = [];

  constructor(detailed = false) {
    this.detailed = detailed;
  }

  exchange(record: unknown): void {
    this.seen.push(record);
  }

  tunnel(record: unknown): void {
    this.seen.push(record);
  }
}

describe('Telemetry', () => {
  it('hands each record to every subscriber until it leaves', () => {
    const telemetry = new Telemetry();
    const first = new Listener();
    const second = new Listener();
    const leave = telemetry.subscribe(first);
    telemetry.subscribe(second);
    const exchange = exchangeRecord();
    const tunnel = tunnelRecord();
    telemetry.exchange(exchange);
    leave();
    leave();
    telemetry.tunnel(tunnel);
    expect(first.seen).toEqual([exchange]);
    expect(second.seen).toEqual([exchange, tunnel]);
  });

  it('wants details while any subscriber does', () => {
    const telemetry = new Telemetry();
    expect(telemetry.detailed).toBe(false);
    telemetry.subscribe(new Listener(false));
    expect(telemetry.detailed).toBe(false);
    const leave = telemetry.subscribe(new Listener(true));
    expect(telemetry.detailed).toBe(true);
    leave();
    expect(telemetry.detailed).toBe(false);
  });

  it('offers the tracer of its newest subscriber that has one', () => {
    const telemetry = new Telemetry();
    expect(telemetry.tracer).toBeUndefined();
    const [before, after] = [new RequestTracer({ sampleRate: 1 }), new RequestTracer({ sampleRate: 1 })];
    const leaveBefore = telemetry.subscribe(Object.assign(new Listener(), { tracer: before }));
    telemetry.subscribe(new Listener());
    expect(telemetry.tracer).toBe(before);
    const leaveAfter = telemetry.subscribe(Object.assign(new Listener(), { tracer: after }));
    expect(telemetry.tracer).toBe(after);
    leaveBefore();
    expect(telemetry.tracer).toBe(after);
    leaveAfter();
    expect(telemetry.tracer).toBeUndefined();
  });

  it('counts a subscriber that throws, tells why at most once a minute, and goes on with the others', () => {
    const told: unknown[] = [];
    const telemetry = new Telemetry((...failed) => told.push(failed));
    const failure = new Error('broken');
    const fail = (): void => {
      throw failure;
    };
    telemetry.subscribe({ detailed: false, exchange: fail, tunnel: fail });
    const listener = new Listener();
    telemetry.subscribe(listener);
    telemetry.exchange(exchangeRecord());
    telemetry.tunnel(tunnelRecord());
    expect(listener.seen).toHaveLength(2);
    expect(telemetry.failures).toBe(2);
    expect(told).toEqual([[failure, 1]]);
  });

  it('hands health checks and waits to those who want them', () => {
    const telemetry = new Telemetry();
    telemetry.subscribe(new Listener());
    const seen: unknown[] = [];
    const fail = (): void => {
      throw new Error('broken');
    };
    telemetry.subscribe(Object.assign(new Listener(), { healthCheck: fail, queue: fail }));
    telemetry.subscribe(
      Object.assign(new Listener(), {
        healthCheck: (record: unknown) => seen.push(record),
        queue: (record: unknown) => seen.push(record),
      }),
    );
    const check = { upstream: 'web', backend: 'a', passed: true, durationMs: 1 };
    const wait = { upstream: 'web', outcome: 'served', waitedMs: 1 } as const;
    telemetry.healthCheck(check);
    telemetry.queue(wait);
    expect(telemetry.pluginFailed('echo', 'data')).toBe(0);
    expect(telemetry.pluginFailed('echo', 'data')).toBeUndefined();
    expect(telemetry.pluginFailed('echo', 'end')).toBe(0);
    expect(seen).toEqual([check, wait]);
    expect(telemetry.failures).toBe(2);
    expect([...telemetry.pluginFailures]).toEqual([['echo', 3]]);
  });

  it('lets a subscriber leave while a record is handed around', () => {
    const telemetry = new Telemetry();
    const last = new Listener();
    const leave = telemetry.subscribe({ detailed: false, exchange: () => leave(), tunnel: () => undefined });
    telemetry.subscribe(last);
    telemetry.exchange(exchangeRecord());
    telemetry.exchange(exchangeRecord());
    expect(last.seen).toHaveLength(2);
  });
});
