import { describe, expect, it } from 'vitest';

import { parseResolvConf, searchNames } from '../../../../../src/net/dns/sources/resolv-conf.ts';

const parse = (text: string, hostName = 'box') => parseResolvConf(text, hostName);

describe('resolv.conf', () => {
  it('is what a pod of Kubernetes has', () => {
    const text =
      'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n';
    expect(parse(text)).toEqual({
      servers: ['10.96.0.10'],
      search: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
      ndots: 5,
      timeoutMs: undefined,
      attempts: undefined,
      rotate: false,
    });
  });

  it.each<[string, string, object]>([
    ['asks this machine where no server is named', '', { servers: ['127.0.0.1'], search: [], ndots: 1 }],
    [
      'asks the first three servers, and passes over what is no address',
      'nameserver 10.0.0.1\nnameserver name\nnameserver ::1\n nameserver\t10.0.0.3 x\nnameserver 10.0.0.4',
      { servers: ['10.0.0.1', '::1', '10.0.0.3'] },
    ],
    [
      'passes over comments',
      '# nameserver 10.0.0.1\n; search a\n  # search b',
      { servers: ['127.0.0.1'], search: [] },
    ],
    ['takes the last of search and domain', 'search a b\ndomain C.test.', { search: ['c.test'] }],
    ['takes domain as well', 'domain a.test', { search: ['a.test'] }],
    [
      'takes options, within the limits of the C library',
      'options ndots:99 timeout:3 attempts:9 rotate edns0',
      { ndots: 15, timeoutMs: 3_000, attempts: 5, rotate: true },
    ],
    ['adds several lines of options', 'options ndots:2\noptions rotate', { ndots: 2, rotate: true }],
    ['passes over broken options', 'options ndots:x timeout: attempts', { ndots: 1, timeoutMs: undefined }],
    ['gives no domain for the root', 'search .', { search: [] }],
    [
      'reads lines that end as on other systems',
      'nameserver 10.0.0.1\r\nsearch a\r\n',
      { servers: ['10.0.0.1'], search: ['a'] },
    ],
  ])('%s', (_sentence, text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  it("searches the domain of the machine's own name where the file names none", () => {
    expect(parse('', 'box.Lab.test').search).toEqual(['lab.test']);
    expect(parse('search x', 'box.lab.test').search).toEqual(['x']);
  });
});

describe('the names that are asked for', () => {
  const pod = { search: ['shop.svc.cluster.local', 'svc.cluster.local'], ndots: 5 };
  it.each<[string, { search: string[]; ndots: number }, string[]]>([
    ['db', pod, ['db.shop.svc.cluster.local', 'db.svc.cluster.local', 'db']],
    ['db.other', pod, ['db.other.shop.svc.cluster.local', 'db.other.svc.cluster.local', 'db.other']],
    ['api.example.com.', pod, ['api.example.com']],
    [
      'a.b.c.d.e.f',
      pod,
      ['a.b.c.d.e.f', 'a.b.c.d.e.f.shop.svc.cluster.local', 'a.b.c.d.e.f.svc.cluster.local'],
    ],
    ['www', { search: ['a.test'], ndots: 1 }, ['www.a.test', 'www']],
    ['www.b', { search: ['a.test'], ndots: 1 }, ['www.b', 'www.b.a.test']],
    ['www', { search: ['a.test'], ndots: 0 }, ['www', 'www.a.test']],
    ['www', { search: [], ndots: 1 }, ['www']],
    ['x'.repeat(250), { search: ['long.test'], ndots: 1 }, ['x'.repeat(250)]],
  ])('for %s', (host, conf, names) => {
    expect(searchNames(host, conf)).toEqual(names);
  });
});
