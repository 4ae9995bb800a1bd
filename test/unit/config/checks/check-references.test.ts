import { expect, it } from 'vitest';

import { warningsOf } from '../problems-of.ts';

const ONE = `backends: [{ address: '127.0.0.1:1' }]
http: { routes: [{ path_prefix: /, retry: { max_attempts: 2 }, hedge: { after: 1s } }] }
`;

it.each([
  ['', ['retry', 'hedge']],
  ['resilience: { hedge: { after: 1s } }', ['retry']],
  ['resilience: { retry: { enabled: false } }', ['retry', 'hedge']],
  ['resilience: { retry: {} }', []],
])(
  'settings of a route for second tries beside %j have a warning where they have no effect',
  (yaml, keys) => {
    const warnings = warningsOf(`${ONE}${yaml}`).filter((text) => text.includes('has no effect'));
    expect(warnings).toEqual(
      keys.map(
        (key) => expect.stringContaining(`http.routes[0].${key} has no effect: the upstream`) as string,
      ),
    );
  },
);
