import { describe, expect, it } from 'vitest';

import { LoopMark } from '../../../../../plugins/http/forwarding/loop-mark.ts';

const mark = new LoopMark('proxy', 'web');
const id = /^CDN-Loop: (balance-[0-9a-f]{12})\r\n$/.exec(mark.line)![1]!;

describe('the mark against loops', () => {
  it('is the same for a listener as long as its proxy runs', () => {
    expect(new LoopMark('proxy', 'web').line).toBe(mark.line);
  });

  it('is another one for each listener and each proxy', () => {
    const lines = [
      ['proxy', 'web'],
      ['proxy', 'api'],
      ['other', 'web'],
      ['other', 'api'],
    ].map(([proxy, listener]) => new LoopMark(proxy!, listener!).line);
    expect(new Set(lines).size).toBe(4);
  });

  it('does not tell who the proxy is', () => {
    const secret = 'd2719b5e-1d5c-4a39-8a3c-2b1d7a1c6f10';
    const { line } = new LoopMark(secret, 'private-listener');
    for (const part of [...secret.split('-'), 'private']) expect(line).not.toContain(part);
  });

  it.each([id, ` ${id} `, `other, ${id}`, `${id},other`, `a.example; x=1 , ${id} ;hops=3`, `,,${id}`])(
    'is found in %j',
    (entries) => {
      expect(mark.comesBack(entries)).toBe(true);
    },
  );

  it.each([
    '',
    'cloudflare; subreqs=1',
    `${id}0`,
    `x${id}`,
    `${id}.example`,
    `other; by=${id}`,
    id.toUpperCase(),
    id.slice(0, -1),
  ])('is not found in %j', (entries) => {
    expect(mark.comesBack(entries)).toBe(false);
  });
});
