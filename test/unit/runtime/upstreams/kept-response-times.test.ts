import { expect, it } from 'vitest';

import { backendConfig, sharedUpstreamLab } from '../../../support/labs/shared-upstream-lab.ts';
import { Asker } from '../../../support/labs/group-lab.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { eventually } from '../../../support/time/eventually.ts';

it.each(['least-time', 'peak-ewma'])('keeps the times of a backend over an edit (%s)', async (algorithm) => {
  const server = owned(await RecordingBackend.start());
  const { upstream, source } = await sharedUpstreamLab(
    [backendConfig(0, server.address)],
    `load_balancer: { algorithm: ${algorithm} }`,
  );
  const [before] = upstream.members;
  before!.times?.responded(80);
  expect(before!.responseMs).toBe(80);
  source.change([backendConfig(0, server.address, { weight: 3 }), backendConfig(1, server.address)]);
  await eventually(() => upstream.members.length === 2, 'the edit is in use');
  const [after, added] = upstream.members;
  expect(after).not.toBe(before);
  expect([after!.weight, after!.responseMs, added!.responseMs]).toEqual([3, 80, 0]);
});

it('measures how long connecting takes where a connection serves one client', async () => {
  const server = owned(await RecordingBackend.start());
  const { upstream } = await sharedUpstreamLab(
    [backendConfig(0, server.address)],
    'load_balancer: { algorithm: least-time }',
  );
  const [member] = upstream.members;
  await new Asker(upstream.group, 'once').answered();
  expect(member!.responseMs).toBeGreaterThan(0);
});

it('measures nothing where no algorithm asks', async () => {
  const server = owned(await RecordingBackend.start());
  const { upstream } = await sharedUpstreamLab([backendConfig(0, server.address)]);
  const [member] = upstream.members;
  await new Asker(upstream.group, 'once').answered();
  expect([member!.responseMs, member!.outcomes]).toEqual([0, undefined]);
});
