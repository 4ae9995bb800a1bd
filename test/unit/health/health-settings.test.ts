import { expect, it } from 'vitest';
import { parseAddress } from '../../../src/config/values/address.ts';
import type { HealthCheck } from '../../../src/config/schema/config.generated.ts';
import { healthSettings } from '../../../src/health/health-settings.ts';

const section: HealthCheck = {
  enabled: true,
  type: 'http',
  path: '/ready',
  interval: 10_000,
  timeout: 2000,
  healthy_threshold: 2,
  unhealthy_threshold: 3,
  expected_status: '200,300-302',
};

it('takes over the section of the config', () => {
  expect(healthSettings(section, parseAddress('localhost:9001'))).toEqual({
    type: 'http',
    path: '/ready',
    host: 'localhost:9001',
    intervalMs: 10_000,
    timeoutMs: 2000,
    healthyThreshold: 2,
    unhealthyThreshold: 3,
    expectedStatus: [
      { from: 200, to: 200 },
      { from: 300, to: 302 },
    ],
  });
});

it('names a host that HTTP allows, for IPv6 and unix addresses too', () => {
  expect(healthSettings(section, parseAddress('[::1]:80')).host).toBe('[::1]:80');
  expect(healthSettings(section, parseAddress('unix:/run/app.sock')).host).toBe('localhost');
});
