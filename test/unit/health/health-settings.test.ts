import { expect, it } from 'vitest';

import { parseAddress } from '../../../src/config/values/address.ts';
import { checkedAddress, healthSettings } from '../../../src/health/health-settings.ts';
import { healthSection } from './health-section.ts';

const section = healthSection({ type: 'http', path: '/ready', expected_status: '200,300-302' });
const address = parseAddress('localhost:9001');

it('takes over the section of the config', () => {
  expect(healthSettings(section, address)).toEqual({
    probe: {
      kind: 'http',
      method: 'GET',
      path: '/ready',
      host: 'localhost:9001',
      headers: [],
      expectedStatus: [
        { from: 200, to: 200 },
        { from: 300, to: 302 },
      ],
      expectedBody: undefined,
    },
    pace: { intervalMs: 10_000, fastIntervalMs: 10_000, noTrafficIntervalMs: undefined },
    timeoutMs: 2000,
    healthyThreshold: 2,
    unhealthyThreshold: 3,
    initialState: 'up',
  });
});

it('names a host that HTTP allows, for IPv6 and unix addresses too', () => {
  const hostAt = (text: string): unknown => healthSettings(section, parseAddress(text)).probe;
  expect(hostAt('[::1]:80')).toMatchObject({ host: '[::1]:80' });
  expect(hostAt('unix:/run/app.sock')).toMatchObject({ host: 'localhost' });
  expect(healthSettings({ ...section, hostname: 'app.test' }, address).probe).toMatchObject({
    host: 'app.test',
  });
});

it('reads the escapes of what checks over TCP send and expect', () => {
  const talking = healthSection({ type: 'tcp', send: String.raw`PING\r\n`, expect: String.raw`+\x50ONG` });
  expect(healthSettings(talking, address).probe).toEqual({
    kind: 'tcp',
    send: Buffer.from('PING\r\n'),
    expect: Buffer.from('+PONG'),
  });
});

it('checks at another port of the host, which a unix socket does not have', () => {
  const elsewhere = healthSection({ port: 8081 });
  expect(checkedAddress(elsewhere, address)).toEqual({ ...address, port: 8081 });
  expect(checkedAddress(section, address)).toBe(address);
  const unix = parseAddress('unix:/run/app.sock');
  expect(checkedAddress(elsewhere, unix)).toBe(unix);
});
