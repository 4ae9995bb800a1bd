import { describe, expect, it } from 'vitest';

import { deadAddress } from '../../support/addresses/dead-address.ts';
import { backend } from '../../support/peers/backends.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';

async function started(sections: string) {
  return labProxy(`listen: '127.0.0.1:0'\nbackends: [{ address: '${await deadAddress()}' }]\n${sections}\n`);
}

describe('what the log says of the addresses beside the listeners', () => {
  it('is that metrics are served where there is no admin server', async () => {
    const proxy = await started("metrics: { listen: '127.0.0.1:0', path: /numbers }");
    const line = await proxy.untilLogged('metrics listening');
    expect(line).toContain(`metrics listening address=${proxy.adminAddress} metrics=/numbers`);
    expect(await proxy.log()).not.toContain('admin');
  });

  it('names both where they have addresses of their own', async () => {
    const proxy = await started("admin: { listen: '127.0.0.1:0' }\nmetrics: { listen: '127.0.0.2:0' }");
    expect(await proxy.untilLogged('admin listening')).not.toContain('metrics=');
    expect(await proxy.untilLogged('metrics listening')).toContain('address=127.0.0.2:');
  });

  it('names the path of the metrics at the admin server that shows them', async () => {
    const proxy = await started("admin: { listen: '127.0.0.1:0' }\nmetrics: { listen: '127.0.0.1:0' }");
    expect(await proxy.untilLogged('admin listening')).toContain('metrics=/metrics');
    expect(await proxy.log()).not.toContain('metrics listening');
  });

  it('is the same at an address that can not be bound', async () => {
    const taken = await backend();
    await expect(started(`metrics: { listen: '${taken.address}' }`)).rejects.toThrow(
      `metrics server can't bind ${taken.address}: the address is in use: end what listens there`,
    );
  });
});
