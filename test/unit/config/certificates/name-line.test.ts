import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';

import { nameLine } from '../../../../src/config/certificates/name-line.ts';
import { CertificateAuthority } from '../../../support/certificates.ts';

it('has the most special part first', () => {
  expect(nameLine('C=DE\nO=Example\nCN=site')).toBe('CN=site,O=Example,C=DE');
});

it('has one backslash before each character with a meaning', () => {
  const { cert } = new CertificateAuthority().issue({ subject: 'a, "b" + c; d\\e' });
  expect(nameLine(new X509Certificate(cert).subject)).toBe(String.raw`CN=a\, \"b\" \+ c\; d\\e`);
});

it('is one line whatever the certificate says', () => {
  const { cert } = new CertificateAuthority().issue({ subject: 'a\r\nX-Admin: 1\u0085b' });
  expect(nameLine(new X509Certificate(cert).subject)).not.toMatch(/\p{Cc}/u);
});

it('is empty for a certificate without a subject', () => {
  const { cert } = new CertificateAuthority().issue({ subject: '', names: ['a.test'] });
  expect(nameLine(new X509Certificate(cert).subject)).toBe('');
});
