import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';

import { RefusedClient } from '../../../../../src/net/tls/terminate/refused-client.ts';
import type { StreamReader } from '../../../../../src/plugin-api/index.ts';
import type { OwnedTransport } from '../../../../../src/net/transport/owned-transport.ts';

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** A client that is refused, and what is done to its connection. */
function refused() {
  const calls: string[] = [];
  let reader: StreamReader | undefined;
  const note = (call: string) => (): void => void calls.push(call);
  const raw = {
    read: (given: StreamReader): void => {
      reader = given;
    },
    writeText: (text: string): void => void calls.push(text.split('\r\n')[0] ?? ''),
    pause: note('pause'),
    end: note('end'),
    close: note('close'),
  };
  const made = new RefusedClient(raw as unknown as OwnedTransport, note('over'));
  const send = (text: string): void => {
    const bytes = Buffer.from(text);
    reader?.data(bytes, 0, bytes.length);
  };
  return { made, calls, send, leave: () => reader?.end() };
}

it('reads 256 KiB of a client that was told why, and no more', () => {
  const { made, calls, send } = refused();
  made.say('no');
  for (let kib = 0; kib < 256; kib += 1) send('x'.repeat(1024));
  expect(calls).toEqual(['no', 'end']);
  send('x');
  expect(calls).toEqual(['no', 'end', 'pause']);
});

it('waits two seconds for a client that does not read, and calls it over once', () => {
  const { made, calls } = refused();
  made.say('no');
  vi.advanceTimersByTime(1_999);
  expect(calls).toEqual(['no', 'end']);
  vi.advanceTimersByTime(10_000);
  expect(calls).toEqual(['no', 'end', 'over']);
});

it('waits five seconds for a request to answer, and answers one', () => {
  const late = refused();
  late.made.answerRequest('no certificate');
  vi.advanceTimersByTime(5_000);
  expect(late.calls).toEqual(['end']);
  const { made, calls, send, leave } = refused();
  made.answerRequest('no certificate');
  send('GET / HTTP/1.1\r\n');
  send('GET / HTTP/1.1\r\n');
  leave();
  expect(calls).toEqual(['HTTP/1.1 400 Bad Request', 'end', 'close']);
});
