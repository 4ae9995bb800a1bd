import { describe, expect, it } from 'vitest';

import {
  canonicalIp,
  nameMatches,
  parseServerName,
  parseSniName,
  parseTlsName,
} from '../../../../../src/config/values/tls/tls-name.ts';

describe('a name of TLS', () => {
  it.each([
    ['WWW.Example.COM', 'www.example.com'],
    ['example.com.', 'example.com'],
    ['*.Example.com', '*.example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['*.bücher.example', '*.xn--bcher-kva.example'],
    ['localhost', 'localhost'],
    ['_dmarc.example.com', '_dmarc.example.com'],
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
  ])('%s is %s', (text, name) => {
    expect(parseTlsName(text)).toBe(name);
  });

  it.each([
    ['', 'must be a host name'],
    ['*', 'must have * only as its whole first label'],
    ['a.*.example.com', 'must have * only as its whole first label'],
    ['w*.example.com', 'must have * only as its whole first label'],
    ['*.*.example.com', 'must have * only as its whole first label'],
    ['*.com', 'must have a whole domain after *.'],
    ['https://example.com', 'leave https:// and the path out'],
    ['example.com:443', 'leave the port out'],
    ['exa mple.com', 'must be a host name'],
    ['bücher.example/path', 'must be a host name'],
    ['bücher.example?a', 'must be a host name'],
    ['büch%62er.example', 'must be a host name'],
    ['-a.example.com', 'must be a host name'],
    ['a..example.com', 'must be a host name'],
    ['1.2.3', 'must be a host name'],
    [`${'a'.repeat(64)}.com`, 'must be a host name'],
    [`${'a.'.repeat(127)}com`, 'must be a host name'],
  ])('%j is none', (text, words) => {
    expect(() => parseTlsName(text)).toThrow(words);
  });

  it('is no address where clients ask for it', () => {
    expect(() => parseSniName('127.0.0.1')).toThrow('clients never ask for an IP address by SNI');
    expect(() => parseSniName('[::1]')).toThrow('clients never ask for an IP address by SNI');
    expect(() => parseSniName('*')).toThrow('write sni.default instead of *');
    expect(parseSniName('*.A.test')).toBe('*.a.test');
  });

  it('has no * where a certificate is verified', () => {
    expect(() => parseServerName('*.a.test')).toThrow('must be a host name without port, or an IP address');
    expect([parseServerName('A.test.'), parseServerName('::ffff:1')]).toEqual(['a.test', '::ffff:1']);
  });
});

it('matches one label with *', () => {
  expect(nameMatches('*.a.test', 'x.a.test')).toBe(true);
  for (const host of ['a.test', 'x.y.a.test', 'xa.test', '.a.test'])
    expect([host, nameMatches('*.a.test', host)]).toEqual([host, false]);
  expect(nameMatches('a.test', 'a.test')).toBe(true);
});

it('knows equal addresses', () => {
  expect(canonicalIp('2001:DB8:0:0::1')).toBe(canonicalIp('2001:db8::1'));
  expect(canonicalIp('fe80::1%eth0')).toBe('fe80::1');
});
