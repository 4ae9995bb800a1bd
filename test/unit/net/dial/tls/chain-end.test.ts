import type { DetailedPeerCertificate } from 'node:tls';
import { expect, it } from 'vitest';

import { chainEndOf } from '../../../../../src/net/dial/tls/chain-end.ts';

/** A chain whose certificates end at these times, the last one being its own issuer. */
function chainOf(...ends: readonly string[]): DetailedPeerCertificate {
  const certificates = ends.map((end) => ({ valid_to: end }) as DetailedPeerCertificate);
  for (const [index, certificate] of certificates.entries())
    certificate.issuerCertificate = certificates[index + 1] ?? certificate;
  return certificates[0]!;
}

it('is the end of the certificate that expires first, wherever it stands', () => {
  const [soon, late] = ['Dec  1 00:00:00 2030 GMT', 'Dec  1 00:00:00 2040 GMT'];
  for (const chain of [chainOf(soon, late, late), chainOf(late, soon, late), chainOf(late, late, soon)])
    expect(chainEndOf(chain)).toBe(Date.UTC(2030, 11, 1));
});

it('is over where a date can not be read', () => {
  expect(chainEndOf(chainOf('Dec  1 00:00:00 2030 GMT', 'never'))).toBe(0);
});

it('is found in a chain that comes back to its beginning', () => {
  const chain = chainOf('Dec  1 00:00:00 2030 GMT', 'Dec  1 00:00:00 2040 GMT');
  chain.issuerCertificate.issuerCertificate = chain;
  expect(chainEndOf(chain)).toBe(Date.UTC(2030, 11, 1));
});
