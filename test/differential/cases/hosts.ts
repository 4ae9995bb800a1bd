import { draft, named, type Attempts } from '../case.ts';

const HOSTS: readonly string[] = [
  ...[
    'subject.test',
    'SUBJECT.test',
    'subject.test.',
    'subject.test:80',
    'subject.test:',
    'subject.test:0',
    'subject.test:99999',
  ],
  ...[
    'subject.test:x',
    'subject.test:-1',
    'subject.test:80:80',
    'subject.test:80x',
    'subject.test: 80',
    ':80',
    ':',
    '',
    ' ',
    '\t',
  ],
  ...[
    'a,b',
    'a, b',
    'a b',
    'a\tb',
    'a;b',
    'a/b',
    'a/b/',
    '/',
    '//a',
    'http://a',
    'http://a/',
    'a?b',
    'a#b',
    'a@b',
    'u:p@a',
    '@',
  ],
  ...[
    'a\\b',
    'a"b',
    '"a"',
    "'a'",
    '<a>',
    '(a)',
    'a%',
    'a%00',
    'a%2f',
    'a%0d%0a',
    'a_b',
    '_',
    '-',
    '*',
    '*.test',
    '.',
    '..',
    'a..b',
  ],
  ...[
    '[::1]',
    '[::1]:80',
    '[::1',
    '::1',
    '[',
    ']',
    '[]',
    '[x]',
    '[::1]x',
    '[::1]:',
    '[v1.a:b]',
    '1.2.3.4',
    '999.1.1.1',
    '0x7f.1',
  ],
  ...[
    '\xe4.test',
    'a\0b',
    'a\x01',
    'a\x7f',
    'a\xa0',
    '\xa0a',
    'a\v',
    '\va',
    'a\rb',
    'a\nb',
    'a\r\n b',
    '\r\n a',
    'a'.repeat(300),
  ],
  ...[
    'a|b',
    'a^b',
    'a`b',
    'a{b}',
    "a!$&'()*+;=~b",
    'localhost',
    'other.test',
    'subject.test, other.test',
    'subject.test other.test',
  ],
];

/** The Host, alone, twice, hidden, and against an absolute target. */
export function* hosts(): Attempts {
  for (const host of HOSTS) {
    const line = `Host: ${host}\r\n`;
    const get = { method: 'GET' };
    const what = named(host.slice(0, 40));
    yield [`Host ${what}`, draft({ ...get, host: line })];
    yield [`Host ${what} in HTTP/1.0`, draft({ ...get, host: line, version: 'HTTP/1.0' })];
    yield [`Host ${what}, absolute target`, draft({ ...get, host: line, target: 'http://other.test/a' })];
    yield [`absolute target on ${what}`, draft({ ...get, target: `http://${host}/a` })];
    yield [`Host ${what} after another`, draft({ ...get, lines: line })];
    yield [`Host ${what} named by Connection`, draft({ ...get, host: line, lines: 'Connection: Host\r\n' })];
  }
  const odd = [
    'Host',
    'host',
    'HOST',
    'Host ',
    'Host\t',
    ' Host',
    '\tHost',
    'Host\0',
    'Host\v',
    'Host\xa0',
    'X\rHost',
    'X: y\nHost',
  ];
  const further = [
    'X: y\r\n Host',
    'X: y\rHost',
    'Ho\0st',
    ':Host',
    'Host:',
    '"Host"',
    'Host_',
    'X-Host',
    'Hosts',
    'Ho\r\nst',
    'Host\r\n ',
  ];
  for (const name of [...odd, ...further]) {
    for (const version of ['HTTP/1.1', 'HTTP/1.0']) {
      const parts = { method: 'GET', version };
      const what = `${named(name)} in ${version}`;
      yield [`${what} as the only Host`, draft({ ...parts, host: `${name}: other.test\r\n` })];
      yield [
        `${what} before Host`,
        draft({ ...parts, host: `${name}: other.test\r\nHost: subject.test\r\n` }),
      ];
      yield [`${what} after Host`, draft({ ...parts, lines: `${name}: other.test\r\n` })];
      const target = 'http://third.test/a';
      yield [`${what} after Host, absolute`, draft({ ...parts, target, lines: `${name}: other.test\r\n` })];
    }
  }
  for (const version of ['HTTP/1.1', 'HTTP/1.0']) {
    yield [`no Host in ${version}`, draft({ method: 'GET', version, host: '' })];
    yield [
      `no Host but an absolute target in ${version}`,
      draft({ method: 'GET', version, host: '', target: 'http://a/' }),
    ];
    yield [
      `the same Host twice in ${version}`,
      draft({ method: 'GET', version, lines: 'Host: subject.test\r\n' }),
    ];
  }
}
