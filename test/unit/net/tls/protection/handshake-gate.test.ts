import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import type { Entrant } from '../../../../../src/net/tls/protection/entrants.ts';
import { HandshakeGate } from '../../../../../src/net/tls/protection/handshake-gate.ts';
import { HandshakeTurns } from '../../../../../src/net/tls/protection/handshake-turns.ts';

class Visitor implements Entrant {
  readonly clientAddress: string;
  isEvicted = false;
  computed = 0;

  constructor(clientAddress: string) {
    this.clientAddress = clientAddress;
  }

  readonly compute = (): void => {
    this.computed += 1;
  };

  evicted(): void {
    this.isEvicted = true;
  }
}

function lab({ maxHandshakes = 3, turns = new HandshakeTurns() } = {}) {
  const gate = new HandshakeGate(turns);
  const limits = { maxHandshakes, maxPerAddress: 0 };
  const entered = (address: string): Visitor => {
    const visitor = new Visitor(address);
    expect(gate.enter(visitor, limits)).toBeUndefined();
    return visitor;
  };
  const begun = (address: string): Visitor => {
    const visitor = entered(address);
    gate.begin(visitor, limits, visitor.compute);
    return visitor;
  };
  return { gate, turns, entered, begun };
}

describe('a full gate', () => {
  it('sends the oldest away, not the newest', () => {
    const { gate, entered } = lab();
    const visitors = [1, 2, 3, 4, 5].map((last) => entered(`192.0.2.${last}`));
    expect(visitors.map(({ isEvicted }) => isEvicted)).toEqual([true, true, false, false, false]);
    expect([gate.hellosAwaited, gate.handshakes]).toEqual([3, 0]);
  });

  it('counts connections that wait for a ClientHello and handshakes apart', () => {
    const { gate, entered, begun } = lab();
    const handshakes = [1, 2, 3].map((last) => begun(`192.0.2.${last}`));
    const silent = [4, 5, 6, 7, 8].map((last) => entered(`192.0.2.${last}`));
    expect(handshakes.some(({ isEvicted }) => isEvicted)).toBe(false);
    expect(silent.map(({ isEvicted }) => isEvicted)).toEqual([true, true, false, false, false]);
    begun('192.0.2.9');
    expect(handshakes.map(({ isEvicted }) => isEvicted)).toEqual([true, false, false]);
    expect([gate.hellosAwaited, gate.handshakes]).toEqual([2, 3]);
  });

  it('sends away those of the address that has most, although others are older', () => {
    const { entered } = lab({ maxHandshakes: 10 });
    const normal = [entered('192.0.2.1'), entered('2001:db8::1')];
    const flood = Array.from({ length: 500 }, () => entered('198.51.100.1'));
    expect(normal.some(({ isEvicted }) => isEvicted)).toBe(false);
    expect(flood.filter(({ isEvicted }) => !isEvicted)).toHaveLength(8);
    expect(flood.at(-1)?.isEvicted).toBe(false);
  });

  it('takes addresses of one IPv6 network for one', () => {
    const { entered } = lab({ maxHandshakes: 4 });
    const normal = entered('2001:db8:0:1::1');
    for (let last = 1; last < 50; last += 1) entered(`2001:db8::${last}`);
    expect(normal.isEvicted).toBe(false);
  });

  it('is not full any more when somebody has left, by whatever way', () => {
    const { gate, entered, begun } = lab();
    const [first, second, third] = [entered('192.0.2.1'), entered('192.0.2.2'), begun('192.0.2.3')];
    for (const visitor of [first, second, third, first]) gate.leave(visitor);
    expect([gate.hellosAwaited, gate.handshakes]).toEqual([0, 0]);
    const next = [4, 5, 6].map((last) => entered(`192.0.2.${last}`));
    expect([first, second, third, ...next].some(({ isEvicted }) => isEvicted)).toBe(false);
  });

  it('takes other limits: those beyond them leave with the next one that comes', () => {
    const { gate, entered } = lab({ maxHandshakes: 0 });
    const visitors = Array.from({ length: 20 }, (_, index) => entered(`192.0.2.${index}`));
    const limits = { maxHandshakes: 5, maxPerAddress: 1 };
    expect(gate.enter(new Visitor('192.0.2.100'), limits)).toBeUndefined();
    expect(visitors.filter(({ isEvicted }) => !isEvicted)).toHaveLength(4);
    expect(gate.enter(new Visitor('192.0.2.100'), limits)).toBe('address_rate');
    expect([gate.hellosAwaited, gate.handshakes]).toEqual([5, 0]);
  });
});

describe('a handshake', () => {
  it('of one that has left is never computed', () => {
    const { gate, entered } = lab();
    const visitor = entered('192.0.2.1');
    gate.leave(visitor);
    gate.begin(visitor, { maxHandshakes: 3, maxPerAddress: 0 }, visitor.compute);
    expect([visitor.computed, gate.hellosAwaited, gate.handshakes]).toEqual([0, 0, 0]);
  });

  it('waits for its turn, and is not computed when its client leaves meanwhile or must leave', async () => {
    // One handshake a turn.
    const turns = new HandshakeTurns(0);
    const { gate, begun } = lab({ turns });
    const [first, second, third] = [begun('192.0.2.1'), begun('192.0.2.2'), begun('192.0.2.3')];
    gate.leave(first);
    const [fourth, fifth] = [begun('192.0.2.4'), begun('192.0.2.5')];
    expect(second.isEvicted).toBe(true);
    gate.leave(third);
    expect(turns.waiting).toBe(2);
    while (turns.waiting > 0) await nextTurn();
    expect([first, second, third, fourth, fifth].map(({ computed }) => computed)).toEqual([1, 0, 0, 1, 1]);
  });
});
