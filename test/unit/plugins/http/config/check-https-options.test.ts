import { describe, expect, it } from 'vitest';

import { problemsOf } from '../../../config/problems-of.ts';

/** The problems of a listener with these lines below `http`, without the file and the path of the listener. */
function problems(...lines: readonly string[]): string[] {
  const text = [
    'listeners:',
    '  - listen: 127.0.0.1:1',
    '    upstream: u',
    '    http:',
    ...lines.map((line) => `      ${line}`),
    "upstreams: [{ name: u, backends: [{ address: '127.0.0.1:2' }] }]",
  ].join('\n');
  return problemsOf(`${text}\n`).map((line) => line.replace('x.yaml:', '').replace('listeners[0].http.', ''));
}

describe('options about https', () => {
  it('are refused where they can not work, with line and column', () => {
    expect(problems('redirect_https: { port: 0 }', 'hsts: { max_age: -1s }')).toEqual([
      expect.stringMatching(/^5:\d+ redirect_https\.port must be >= 1$/),
      expect.stringMatching(/^6:\d+ hsts\.max_age must be a duration/),
    ]);
    expect(problems('hsts: { max_age: 1500ms }')).toEqual([
      '5:24 hsts.max_age must be a whole number of seconds',
    ]);
    expect(problems('redirect_https: yes please')).toEqual([
      expect.stringMatching(/^5:\d+ redirect_https must be/),
    ]);
  });

  it.each(['Host', 'x-forwarded-for', 'Authorization', 'Cookie', 'User_Agent', 'X_Real.IP', 'Content-Type'])(
    'give no fact of a certificate to %s',
    (name) => {
      expect(problems(`client_certificate_headers: { subject: ${name} }`)).toEqual([
        expect.stringMatching(
          /^5:46 client_certificate_headers\.subject must be a header that has no other meaning/,
        ),
      ]);
    },
  );

  it('give each fact of a certificate a header of its own', () => {
    const same = 'client_certificate_headers: { subject: X-A, issuer: x_a, serial: X-B }';
    expect(problems(same)).toEqual([expect.stringMatching(/issuer must differ from the header of subject$/)]);
    expect(problems('client_certificate_headers: { subject: "X A" }')).toHaveLength(1);
    expect(problems('client_certificate_headers: { certificate: Client-Cert, subject: X-A }')).toEqual([]);
  });
});
