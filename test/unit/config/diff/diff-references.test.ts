import { describe, expect, it } from 'vitest';
import type { SourceFile } from '../../../../src/config/files/config-sources.ts';
import type { CertificateReading } from '../../../../src/readings/certificate.ts';
import { diffReferences, type ReferringConfig } from '../../../../src/config/diff/diff-references.ts';

const main: SourceFile = { file: '/etc/balance/main.yaml', role: 'main', hash: 'm' };
const page = (hash: string, file = '/etc/balance/pages/502.html'): SourceFile => ({
  file,
  role: 'reference',
  hash,
  keyPath: 'listeners[web].http.error_pages[0].file',
});
const sources = (...files: SourceFile[]): ReferringConfig => ({
  sources: { files: [main, ...files], includes: [], hash: '' },
  certificates: [],
});

describe('diffReferences', () => {
  it('names a file whose content changed, and the place that names it', () => {
    expect(diffReferences(sources(page('a')), sources(page('b')))).toEqual([
      {
        path: 'listeners[web].http.error_pages[0].file',
        kind: 'changed',
        effect: 'hot',
        summary: 'file pages/502.html changed',
      },
    ]);
  });

  it('says in plain words which certificate, key or authority was replaced', () => {
    const at = 'listeners[web].tls.certificates[0]';
    const file = (name: string, key: string, hash: string): SourceFile => ({
      file: `/etc/balance/${name}`,
      role: 'reference',
      hash,
      keyPath: `${at}.${key}`,
    });
    const all = (hash: string): SourceFile[] => [
      file('tls/site.crt', 'cert_file', hash),
      file('tls/site.key', 'key_file', hash),
      file('tls/site.pass', 'key_password_file', hash),
      file('tls/ca.crt', 'client_ca_file', hash),
      file('tls/ca.crl', 'client_crl_file', hash),
    ];
    const certificate: CertificateReading = {
      kind: 'server',
      file: 'tls/site.crt',
      names: ['www.example.com', 'example.com'],
      subject: 'CN=www.example.com',
      issuer: 'CN=CA',
      fingerprint256: 'AA',
      notBeforeMs: 0,
      notAfterMs: Date.UTC(2027, 1, 3),
      usedBy: ['listener web'],
    };
    const after = { ...sources(...all('b')), certificates: [certificate] };
    const changes = diffReferences(sources(...all('a')), after);
    expect(changes.map(({ summary }) => summary)).toEqual([
      'certificate of www.example.com and 1 more replaced, valid until 2027-02-03',
      'private key tls/site.key replaced',
      'password of a private key tls/site.pass replaced',
      'authorities tls/ca.crt replaced',
      'revocation list tls/ca.crl replaced',
    ]);
    expect(changes[0]).toMatchObject({
      path: `${at}.cert_file`,
      effect: 'hot',
      note: 'counts for new handshakes; open connections stay',
    });
  });

  it('takes files at the same path from two folders for the same file', () => {
    const copy: ReferringConfig = {
      ...sources(),
      sources: {
        files: [{ ...main, file: '/tmp/new/main.yaml' }, page('b', '/tmp/new/pages/502.html')],
        includes: [],
        hash: '',
      },
    };
    expect(diffReferences(sources(page('a')), copy).map(({ summary }) => summary)).toEqual([
      'file pages/502.html changed',
    ]);
  });

  it('leaves out what is as it was, what is new and what is gone: the config says so', () => {
    expect(diffReferences(undefined, sources(page('a')))).toEqual([]);
    expect(diffReferences(sources(page('a')), sources(page('a')))).toEqual([]);
    expect(diffReferences(sources(), sources(page('a')))).toEqual([]);
    expect(diffReferences(sources(page('a')), sources())).toEqual([]);
    expect(diffReferences(sources(page('a')), sources(page('b', '/other')))).toEqual([]);
  });

  it('has nothing to say of the files with the config itself', () => {
    const edited = { ...sources(), sources: { files: [{ ...main, hash: 'n' }], includes: [], hash: '' } };
    expect(diffReferences(sources(), edited)).toEqual([]);
  });
});
