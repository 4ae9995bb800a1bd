import { describe, expect, it } from 'vitest';
import { RouteCounters } from '../../../../../src/telemetry/metrics/counters/route-counters.ts';
import type { KnownRoutes } from '../../../../../src/telemetry/metrics/snapshot/metrics-snapshot.ts';
import { exchangeRecord } from '../../records.ts';

function shown(counters: RouteCounters, routes: KnownRoutes): Record<string, number> {
  return Object.fromEntries(
    [...counters.series({ routes })].flatMap((series) =>
      'value' in series ? [[series.labels, series.value]] : [],
    ),
  );
}

describe('requests by listener and route', () => {
  it('are counted by the class of their status, from zero on', () => {
    const routes = new Map([['web', new Set(['api', 'default'])]]);
    const counters = new RouteCounters(() => ['web']);
    counters.exchange(exchangeRecord({ listener: 'web', route: 'api', status: 201 }));
    counters.exchange(exchangeRecord({ listener: 'web', route: 'api', status: 404 }));
    counters.exchange(exchangeRecord({ listener: 'web', route: '', upstream: 'main', status: 200 }));
    counters.exchange(exchangeRecord({ listener: 'web', route: '', upstream: '', status: 404 }));
    counters.exchange(exchangeRecord({ listener: 'web', route: 'api', status: 0 }));
    expect(shown(counters, routes)).toEqual({
      'listener="web",route="api",status="0"': 1,
      'listener="web",route="api",status="2xx"': 1,
      'listener="web",route="api",status="4xx"': 1,
      'listener="web",route="api",status="5xx"': 0,
      'listener="web",route="default",status="2xx"': 1,
      'listener="web",route="default",status="5xx"': 0,
      'listener="web",route="none",status="2xx"': 0,
      'listener="web",route="none",status="4xx"': 1,
      'listener="web",route="none",status="5xx"': 0,
    });
  });

  it('end with their route and their listener, also those that requests bring back later', () => {
    let routes: KnownRoutes = new Map([['web', new Set(['old', 'kept'])]]);
    const counters = new RouteCounters(() => ['web']);
    const count = (route: string): void =>
      counters.exchange(exchangeRecord({ listener: 'web', route, status: 200 }));
    count('old');
    count('kept');
    routes = new Map([['web', new Set(['kept'])]]);
    counters.forgetOthers({ routes });
    count('old');
    count('kept');
    expect(shown(counters, routes)).toMatchObject({ 'listener="web",route="kept",status="2xx"': 2 });
    expect(Object.keys(shown(counters, routes)).some((labels) => labels.includes('old'))).toBe(false);
    routes = new Map();
    counters.forgetOthers({ routes });
    expect(shown(counters, routes)).toEqual({});
  });

  it('are bounded, whatever a protocol names as its routes', () => {
    const counters = new RouteCounters(() => ['web']);
    for (let route = 0; route < 5_000; route++)
      counters.exchange(exchangeRecord({ listener: 'web', route: `r${String(route)}`, status: 200 }));
    const series = shown(counters, new Map([['web', undefined]]));
    expect(Object.keys(series).length).toBeLessThan(2_100);
    expect(series['listener="web",route="other",status="2xx"']).toBe(4_000);
  });

  it('are bounded without a scrape while listeners come and go', () => {
    let asked = 0;
    const counters = new RouteCounters(() => {
      asked += 1;
      return [];
    });
    for (let at = 0; at < 500; at++)
      counters.exchange(exchangeRecord({ listener: `l${String(at)}`, route: 'a', status: 200 }));
    expect(asked).toBeGreaterThan(5);
  });
});
