import { describe, expect, it } from 'vitest';

import { RequestIds } from '../../../../../plugins/http/forwarding/request-ids.ts';

describe('request ids', () => {
  it('are UUIDs of version 4, no two alike', () => {
    const ids = new RequestIds();
    const made = Array.from({ length: 2_000 }, () => ids.next());
    for (const id of made)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(made).size).toBe(made.length);
  });

  it('use every digit at every random place', () => {
    const ids = new RequestIds();
    const made = Array.from({ length: 1_000 }, () => ids.next());
    for (const place of [0, 7, 9, 15, 17, 20, 24, 35])
      expect(new Set(made.map((id) => id[place])).size).toBe(16);
  });
});
