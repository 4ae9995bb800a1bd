import { expect, it } from 'vitest';

import type { Generation } from '../../../../src/runtime/generation/generation.ts';
import { LiveView } from '../../../../src/runtime/generation/live-view.ts';
import type { Member } from '../../../../src/upstream/group/member.ts';
import { Asker } from '../../../support/labs/group-lab.ts';
import { backendConfig, sharedUpstreamLab } from '../../../support/labs/shared-upstream-lab.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';

it('counts an upstream as unhealthy whose circuit breakers are all open', async () => {
  const addresses = [
    owned(await RecordingBackend.start()).address,
    owned(await RecordingBackend.start()).address,
  ];
  const { upstream } = await sharedUpstreamLab(
    addresses.map((address, number) => backendConfig(number, address)),
    'resilience: { circuit_breaker: { max_failures: 1, timeout: 1h } }',
  );
  const live = new LiveView();
  live.generation = { upstreams: new Map([[upstream.name, upstream]]) } as unknown as Generation;
  const open = async (): Promise<Member[]> => {
    const { lease } = await new Asker(upstream.group, 'keep-alive').answered();
    lease?.end('backend_reset', 0, 0);
    return upstream.members.filter(({ breaker }) => breaker?.state === 'open');
  };
  expect(await open()).toHaveLength(1);
  expect(live.health().status).toBe(200);
  expect(await open()).toHaveLength(2);
  const { status, body } = live.health();
  expect(status).toBe(503);
  expect(JSON.parse(body)).toMatchObject({
    status: 'unhealthy',
    backends: Object.fromEntries(addresses.map((address) => [address, 'unhealthy'])),
  });
});
