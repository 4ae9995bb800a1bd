import { describe, expect, it } from 'vitest';

import { causeOf } from '../../../../../src/admin/routes/backends/member-cause.ts';
import type { AgentSays } from '../../../../../src/readings/upstreams/health.ts';
import type { MembershipReading } from '../../../../../src/readings/upstreams/backend.ts';

const WELL = { failing: false, sinceMs: undefined, error: undefined };

const MEMBER: MembershipReading = {
  upstream: 'app',
  weight: 1,
  effectiveWeight: 1,
  ramp: 1,
  memberSinceMs: 10,
  panics: false,
  maxConnections: Infinity,
  requests: undefined,
  healthy: true,
  state: 'unknown',
  changedAtMs: undefined,
  lastCheckAtMs: undefined,
  lastError: undefined,
  progress: undefined,
  agent: undefined,
  live: true,
  tls: undefined,
  proxyProtocol: undefined,
  byHand: undefined,
  ejection: undefined,
  breaker: undefined,
};

const AGENT: AgentSays = {
  admin: 'ready',
  isDown: false,
  share: 1,
  maxConnections: undefined,
  upAtMs: undefined,
  sinceMs: 40,
  text: 'as it is',
  atMs: 90,
  error: undefined,
};

function cause(changes: Partial<MembershipReading>) {
  return causeOf({ ...MEMBER, ...changes }, WELL);
}

const BY_HAND = { reason: 'a new disk', sinceMs: 30 };
const EJECTION = {
  isOut: true,
  changedAtMs: 50,
  leftMs: 4_200,
  count: 1,
  total: 1,
  reason: '5 failures in a row',
};
const BREAKER = { changedAtMs: 60, reason: 'too many failures', opened: 1 };

describe('since when and why a backend is in its state', () => {
  it.each<[string, Partial<MembershipReading>, number, string | undefined]>([
    ['unknown', {}, 10, undefined],
    ['up', { state: 'up', changedAtMs: 20 }, 20, undefined],
    ['down', { state: 'down', changedAtMs: 20, lastError: 'HTTP status 500' }, 20, 'HTTP status 500'],
    ['off', { state: 'off', weight: 0 }, 10, 'weight 0'],
    ['draining', { state: 'draining', byHand: { ...BY_HAND, state: 'draining' } }, 30, 'a new disk'],
    [
      'maintenance',
      { state: 'maintenance', byHand: { ...BY_HAND, state: 'maintenance', reason: undefined } },
      30,
      'set by hand',
    ],
    [
      'down',
      { state: 'down', changedAtMs: 20, byHand: { ...BY_HAND, state: 'unhealthy' } },
      30,
      'a new disk',
    ],
    ['up', { state: 'up', changedAtMs: 20, byHand: { ...BY_HAND, state: 'healthy' } }, 30, 'a new disk'],
    ['draining', { state: 'draining', agent: { ...AGENT, admin: 'drain' } }, 40, 'its agent says: as it is'],
    [
      'maintenance',
      {
        state: 'maintenance',
        byHand: { ...BY_HAND, state: 'draining' },
        agent: { ...AGENT, admin: 'maint' },
      },
      40,
      'its agent says: as it is',
    ],
    [
      'down',
      { state: 'down', changedAtMs: 20, agent: { ...AGENT, isDown: true } },
      40,
      'its agent says: as it is',
    ],
    ['ejected', { state: 'ejected', ejection: EJECTION }, 50, '5 failures in a row; back in 5 s'],
    ['open', { state: 'open', breaker: { ...BREAKER, state: 'open' } }, 60, 'too many failures'],
    [
      'half-open',
      { state: 'half-open', breaker: { ...BREAKER, state: 'half-open' } },
      60,
      'too many failures',
    ],
    [
      'recovering',
      { state: 'up', changedAtMs: 20, breaker: { ...BREAKER, state: 'recovering' } },
      60,
      'recovers after its circuit breaker was open',
    ],
  ])('is told for %s', (_, changes, sinceMs, reason) => {
    expect(cause(changes)).toEqual({ sinceMs, reason });
  });

  it('says what else makes it get more or fewer requests', () => {
    expect(cause({ state: 'up', ramp: 0.254 }).reason).toBe('slow start: 25 % of its weight');
    expect(cause({ agent: { ...AGENT, share: 0.75 } }).reason).toBe('its agent leaves it 75 % of its weight');
    expect(cause({ state: 'down', lastError: 'refused', panics: true }).reason).toBe(
      'refused; gets requests all the same: too few backends are healthy',
    );
  });

  it('says that connects to it fail', () => {
    const failing = { failing: true, sinceMs: 70, error: 'refused' };
    expect(causeOf(MEMBER, failing)).toEqual({ sinceMs: 70, reason: 'connects fail: refused' });
    expect(causeOf({ ...MEMBER, state: 'off' }, failing)).toEqual({
      sinceMs: 10,
      reason: 'weight 0; connects fail: refused',
    });
  });
});
