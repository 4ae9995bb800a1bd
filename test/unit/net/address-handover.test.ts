import { expect, it } from 'vitest';

import { handOver } from '../../../src/net/address-handover.ts';
import type { Address } from '../../../src/config/values/address.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

/** Sockets at one port, which write down what happens to them. */
function sockets(refusal?: { readonly of: string; readonly reason: Error }) {
  const steps: string[] = [];
  const step = (what: string): Promise<void> => {
    steps.push(what);
    return refusal?.of === what ? Promise.reject(refusal.reason) : Promise.resolve();
  };
  const leaving = (host: string) => ({
    address: { kind: 'tcp', host, port: 80 } as Address,
    suspend: () => step(`suspend ${host}`),
    resume: () => step(`resume ${host}`),
  });
  const arriving = {
    address: { kind: 'tcp', host: '', port: 80 } as Address,
    listen: () => step('listen'),
    destroy: () => void step('destroy'),
  };
  return { steps, leaving: [leaving('127.0.0.1'), leaving('127.0.0.2')], arriving: [arriving] };
}

it('binds the new socket when all that are in the way have left', async () => {
  const { steps, leaving, arriving } = sockets();
  const note = await handOver(leaving, arriving, new RecordingLogger());
  expect(steps).toEqual(['suspend 127.0.0.1', 'suspend 127.0.0.2', 'listen']);
  expect(note).toContain('127.0.0.1:80, 127.0.0.2:80 made room for :80');
});

it('binds nothing when one does not let its address go, and has all of them listen again', async () => {
  const reason = new Error('worker 2 does not answer');
  const { steps, leaving, arriving } = sockets({ of: 'suspend 127.0.0.2', reason });
  await expect(handOver(leaving, arriving, new RecordingLogger())).rejects.toThrow(
    'worker 2 does not answer; the sockets that had these addresses listen there again',
  );
  expect(steps).toEqual([
    'suspend 127.0.0.1',
    'suspend 127.0.0.2',
    'destroy',
    'resume 127.0.0.1',
    'resume 127.0.0.2',
  ]);
});
