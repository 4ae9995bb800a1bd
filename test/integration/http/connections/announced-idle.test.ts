import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage } from '../../../support/peers/http-message.ts';
import { ONE_CLOCK } from '../../../support/workers/test-workers.ts';
import { get, scene } from '../scene.ts';
import { shiftedClock } from '../shifted-clock.ts';

describe('a backend that says for how long it keeps an idle socket', () => {
  it.each(['timeout=10', 'max=100, timeout=10', 'Timeout=10,max=1', 'timeout=10;x'])(
    'gets no request on it later than one second before: %s',
    async (keepAlive) => {
      const stage = await scene({ yaml: ONE_CLOCK, respond: () => ok('x', `Keep-Alive: ${keepAlive}\r\n`) });
      const clock = shiftedClock();
      const peer = await stage.client();
      const ask = async (): Promise<void> => {
        peer.send(get());
        // The backend's promise is for the proxy, and must not reach the client.
        expect(fieldValues(await readMessage(peer), 'keep-alive')).toEqual([]);
      };
      await ask();
      clock.shiftMs += 8_000;
      await ask();
      expect(stage.backend.connections).toHaveLength(1);
      // Each response begins the time anew.
      clock.shiftMs += 8_000;
      await ask();
      expect(stage.backend.connections).toHaveLength(1);
      clock.shiftMs += 9_001;
      await ask();
      expect(stage.backend.connections).toHaveLength(2);
      await stage.backend.connections[0]!.untilEnded();
    },
  );

  it.each(['timeout=1', 'timeout=0', 'timeout=0001'])(
    'gets none at all when that is too short: %s',
    async (keepAlive) => {
      const stage = await scene({ respond: () => ok('x', `Keep-Alive: ${keepAlive}\r\n`) });
      await stage.exchange(get());
      expect(await (await stage.backend.connection(0)).untilEnded()).toBe('end');
      await stage.exchange(get());
      expect(stage.backend.connections).toHaveLength(2);
    },
  );

  it.each(['max=5', 'timeout', 'timeout=', 'timeout=x', 'xtimeout=1', 'timeout=-1', ''])(
    'but says it in no way that counts keeps it as long as others: %j',
    async (keepAlive) => {
      const stage = await scene({ yaml: ONE_CLOCK, respond: () => ok('x', `Keep-Alive: ${keepAlive}\r\n`) });
      const clock = shiftedClock();
      await stage.exchange(get());
      clock.shiftMs = 20_000;
      await stage.exchange(get());
      expect(stage.backend.connections).toHaveLength(1);
    },
  );

  it('sees the socket closed soon, also when nobody asks', async () => {
    const stage = await scene({ yaml: ONE_CLOCK, respond: () => ok('x', 'Keep-Alive: timeout=5\r\n') });
    const clock = shiftedClock();
    await stage.exchange(get());
    clock.shiftMs = 4_001;
    expect(await (await stage.backend.connection(0)).untilEnded()).toBe('end');
  });
});
