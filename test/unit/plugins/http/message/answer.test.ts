import { STATUS_CODES } from 'node:http';
import { expect, it } from 'vitest';

import { reasonPhrase } from '../../../../../plugins/http/message/answer.ts';

it('names every status as Node.js does', () => {
  for (let status = 100; status < 600; status += 1)
    expect(reasonPhrase(status)).toBe(STATUS_CODES[status] ?? 'Unknown');
});
