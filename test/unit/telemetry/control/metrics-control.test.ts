import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { Telemetry } from '../../../../src/telemetry/telemetry.ts';
import { CountersControl, type MetricsSettings } from '../../../../src/telemetry/control/counters-control.ts';
import { MetricsControl } from '../../../../src/telemetry/control/metrics-control.ts';
import { parseExposition } from '../metrics/exposition/exposition.ts';
import { BUCKETS_S, sourceOf } from '../metrics/metrics-lab.ts';
import { backendNamed, exchangeRecord } from '../records.ts';

const running: MetricsControl[] = [];

afterEach(() => {
  for (const control of running.splice(0)) control.destroy();
});

const ON: MetricsSettings = { enabled: true, buckets: BUCKETS_S };

async function start(settings = ON) {
  const telemetry = new Telemetry();
  const source = sourceOf();
  const counters = new CountersControl(telemetry, () => source.known());
  const control = new MetricsControl(counters, source);
  running.push(control);
  const apply = async (next: MetricsSettings): Promise<void> =>
    (await control.prepare({ config: { metrics: next } })).commit();
  await apply(settings);
  const total = async (): Promise<number | undefined> =>
    parseExposition((await control.page({})).body.toString()).values.get(
      'balance_requests_total{backend="none",method="GET",status="200"}',
    );
  return { telemetry, control, apply, total };
}

describe('metrics by the config', () => {
  it('count while they are on, and keep what they counted', async () => {
    const { telemetry, apply, total } = await start();
    const count = (): void => telemetry.exchange(exchangeRecord({ backend: undefined }));
    count();
    await apply(ON);
    expect(await total()).toBe(1);
    await apply({ ...ON, enabled: false });
    count();
    await apply({ ...ON, buckets: [1] });
    count();
    expect(await total()).toBe(2);
  });

  it('change nothing when the config does not become live', async () => {
    const { control, telemetry, total } = await start();
    (await control.prepare({ config: { metrics: { enabled: false, buckets: [1] } } })).unwind();
    telemetry.exchange(exchangeRecord({ backend: undefined }));
    expect(await total()).toBe(1);
  });

  it('come in the format and the coding that was asked for', async () => {
    const { control } = await start();
    const plain = await control.page({ accept: '*/*' });
    expect(plain.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(plain.headers).toEqual({ Vary: 'Accept, Accept-Encoding' });
    const { types } = parseExposition(plain.body.toString());
    expect(types.get('process_cpu_seconds_total')).toBe('counter');
    const zipped = await control.page({ accept: 'application/openmetrics-text', 'accept-encoding': 'gzip' });
    expect(zipped.contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(zipped.headers['Content-Encoding']).toBe('gzip');
    const text = gunzipSync(zipped.body).toString();
    expect(parseExposition(text, 'openmetrics').types.get('process_cpu_seconds')).toBe('counter');
    expect(zipped.body.length).toBeLessThan(text.length / 3);
  });
});

describe('counts of names that are gone', () => {
  it('are forgotten when there are many of them, but not those that somebody may still show', () => {
    const telemetry = new Telemetry();
    const counters = new CountersControl(telemetry, () => ({
      backends: ['live'],
      listeners: [],
      upstreams: [],
    }));
    counters.apply(ON);
    const serve = (name: string): void => {
      telemetry.exchange(exchangeRecord({ backend: backendNamed(name) }));
    };
    const others = { backends: ['drains'], listeners: [], upstreams: [] };
    counters.keep([others]);
    for (const name of ['live', 'gone', 'drains']) serve(name);
    for (let name = 0; name < 200; name += 1) serve(`other ${String(name)}`);
    const served = (name: string) => counters.totals(name)?.total;
    expect([served('live'), served('gone'), served('drains')]).toEqual([1, 0, 1]);
    counters.keep([]);
    for (let name = 0; name < 200; name += 1) serve(`another ${String(name)}`);
    expect([served('live'), served('drains')]).toEqual([1, 0]);
    counters.destroy();
  });
});
