import { MessageChannel } from 'node:worker_threads';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

import { PortWakes } from '../../../src/shared/wakes.ts';
import { owned } from '../../support/owned.ts';

function connected() {
  const { port1, port2 } = new MessageChannel();
  const [one, other] = [owned(new PortWakes()), owned(new PortWakes())];
  one.connect(1, port1);
  other.connect(0, port2);
  return { one, other, port2 };
}

describe('PortWakes', () => {
  it('calls all who look at that topic, and nobody else', async () => {
    const { one, other, port2 } = connected();
    const seen: string[] = [];
    other.on(3, () => seen.push('three'));
    const stop = other.on(3, () => seen.push('never'));
    other.on(3, () => seen.push('three too'));
    other.on(4, () => seen.push('four'));
    stop();
    one.wake(1, 3);
    await once(port2, 'message');
    expect(seen).toEqual(['three', 'three too']);
  });

  it('goes on with a worker that was replaced, and does nothing for one that is gone', async () => {
    const { one, other } = connected();
    const { port1, port2 } = new MessageChannel();
    one.connect(1, port1);
    other.connect(0, port2);
    const woken = new Promise<void>((resolve) => {
      other.on(-1, resolve);
    });
    one.wake(2, -1);
    one.wake(1, -1);
    await woken;
    one.release(1);
    one.wake(1, -1);
  });
});
