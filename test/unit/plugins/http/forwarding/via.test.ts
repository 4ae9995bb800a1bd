import { describe, expect, it } from 'vitest';

import { Via } from '../../../../../plugins/http/forwarding/via.ts';

describe('Via', () => {
  it('has a line for each version that a message may come in', () => {
    const via = new Via('edge');
    expect([via.line(0), via.line(1)]).toEqual(['Via: 1.0 edge\r\n', 'Via: 1.1 edge\r\n']);
  });

  it('without a name says nothing and knows nobody', () => {
    const via = new Via('');
    expect([via.line(0), via.line(1)]).toEqual(['', '']);
    expect(['', '1.1 ', '1.1', '1.1 a'].map((entries) => via.comesBack(entries))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it.each([
    '1.1 edge',
    'HTTP/1.1 edge',
    '1.1\tedge',
    ' 1.0 a ,1.1  edge (comment)',
    '1.1 edge,1.1 b',
    '2 edge',
  ])('knows itself in %j', (entries) => {
    expect(new Via('edge').comesBack(entries)).toBe(true);
  });

  it.each([
    '',
    'edge',
    '1.1 edges',
    '1.1 edge.b',
    '1.1 b (edge)',
    '1.1 Edge',
    '1.1 edge:80',
    ',,edge,',
    '1.1 a edge',
  ])('does not take others for itself: %j', (entries) => {
    expect(new Via('edge').comesBack(entries)).toBe(false);
  });
});
