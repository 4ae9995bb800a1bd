import { describe, expect, it } from 'vitest';

import {
  readUpgradeLine,
  UPGRADE_LINE_LIMIT,
  writeUpgradeLine,
} from '../../../../src/cli/health/upgrade-line.ts';

describe('the line that asks for an upgrade', () => {
  it.each([undefined, 1, 60_000, 999_999_999])('is read back with the time limit %s', (timeoutMs) => {
    const line = writeUpgradeLine({ timeoutMs });
    expect(line.length).toBeLessThan(UPGRADE_LINE_LIMIT);
    expect(readUpgradeLine(line)).toEqual({ timeoutMs });
  });

  it.each(['', 'upgrade', 'upgrade x\n', 'upgrade 1 2\n', 'reload\n', 'GET / HTTP/1.1\n', ' upgrade\n'])(
    'is not %j',
    (line) => {
      expect(readUpgradeLine(line)).toBeUndefined();
    },
  );
});
