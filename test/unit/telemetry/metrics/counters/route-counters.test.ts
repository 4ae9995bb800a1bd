import { describe, expect, it } from 'vitest';
import {
  RouteCounters,
  type KnownRoutes,
} from '../../../../../src/telemetry/metrics/counters/route-counters.ts';
import { exchangeRecord } from '../../records.ts';

function shown(counters: RouteCounters): Record<string, number> {
  return Object.fromEntries(
    [...counters.series()].flatMap((series) => ('value' in series ? [[series.labels, series.value]] : [])),
  );
}

describe('requests by listener and route', () => {
  it('are counted by the class of their status, from zero on', () => {
    const counters = new RouteCounters(() => new Map([['web', new Set(['api', 'default'])]]));
    counters.exchange(exchangeRecord({ listener: 'web', route: 'api', status: 201 }));
    counters.exchange(exchangeRecord({ listener: 'web', route: 'api', status: 404 }));
    counters.exchange(exchangeRecord({ listener: 'web', route: '', upstream: 'main', status: 200 }));
    counters.exchange(exchangeRecord({ listener: 'web', route: '', upstream: '', status: 404 }));
    counters.exchange(exchangeRecord({ listener: 'web', route: 'api', status: 0 }));
    expect(shown(counters)).toEqual({
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
    const counters = new RouteCounters(() => routes);
    const count = (route: string): void =>
      counters.exchange(exchangeRecord({ listener: 'web', route, status: 200 }));
    count('old');
    count('kept');
    routes = new Map([['web', new Set(['kept'])]]);
    counters.forgetOthers();
    count('old');
    count('kept');
    expect(shown(counters)).toMatchObject({ 'listener="web",route="kept",status="2xx"': 2 });
    expect(Object.keys(shown(counters)).some((labels) => labels.includes('old'))).toBe(false);
    routes = new Map();
    counters.forgetOthers();
    expect(shown(counters)).toEqual({});
  });

  it('are bounded, whatever a protocol names as its routes', () => {
    const counters = new RouteCounters(() => new Map([['web', undefined]]));
    for (let route = 0; route < 5_000; route++)
      counters.exchange(exchangeRecord({ listener: 'web', route: `r${String(route)}`, status: 200 }));
    const series = shown(counters);
    expect(Object.keys(series).length).toBeLessThan(2_100);
    expect(series['listener="web",route="other",status="2xx"']).toBe(4_000);
  });

  it('are bounded without a scrape while listeners come and go', () => {
    let asked = 0;
    const counters = new RouteCounters(() => {
      asked += 1;
      return new Map();
    });
    for (let at = 0; at < 500; at++)
      counters.exchange(exchangeRecord({ listener: `l${String(at)}`, route: 'a', status: 200 }));
    expect(asked).toBeGreaterThan(5);
  });
});
