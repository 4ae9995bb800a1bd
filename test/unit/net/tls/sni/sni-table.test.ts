import { describe, expect, it } from 'vitest';

import { SniTable, type SniRules } from '../../../../../src/net/tls/sni/sni-table.ts';

const NOTHING: SniRules<string> = {
  certificates: [],
  defaultCertificate: undefined,
  isStrict: false,
  routes: [],
  defaultUpstream: undefined,
  ownUpstream: undefined,
};

/** What becomes of a name, in short. */
function fate(rules: Partial<SniRules<string>>, sni: string | undefined): string {
  const choice = new SniTable({ ...NOTHING, ...rules }).decide({ sni });
  if (choice.kind === 'terminate') return `certificate ${choice.context}`;
  return choice.kind === 'pass' ? `upstream ${choice.upstream}` : 'refused';
}

describe('a name', () => {
  const rules: Partial<SniRules<string>> = {
    certificates: [
      ['a.example.com', 'a'],
      ['*.example.com', 'star'],
      ['both.example.com', 'never'],
      ['*.eu.example.com', 'eu'],
    ],
    defaultCertificate: 'default',
    routes: [
      { name: 'api.example.com', upstream: 'api' },
      { name: 'both.example.com', upstream: 'both' },
      { name: '*.example.org', upstream: 'org' },
      { name: 'example.org', upstream: 'apex' },
    ],
  };

  it.each([
    ['a.example.com', 'certificate a'],
    ['b.example.com', 'certificate star'],
    ['api.example.com', 'upstream api'],
    ['both.example.com', 'upstream both'],
    ['x.eu.example.com', 'certificate eu'],
    ['eu.example.com', 'certificate star'],
    ['www.example.org', 'upstream org'],
    ['example.org', 'upstream apex'],
    ['a.b.example.org', 'certificate default'],
    ['example.com', 'certificate default'],
    ['a.b.example.com', 'certificate default'],
    ['com', 'certificate default'],
    ['*.example.org', 'upstream org'],
    ['constructor', 'certificate default'],
    ['__proto__', 'certificate default'],
    [undefined, 'certificate default'],
  ])('%s gets its own choice, a wildcard or the default', (name, choice) => {
    expect(fate(rules, name)).toBe(choice);
  });

  it('meets a name of the table, which people are told', () => {
    const table = new SniTable({ ...NOTHING, ...rules });
    const met = ['a.example.com', 'b.example.com', 'a.b.example.com', 'www.example.org', 'com', undefined];
    expect(met.map((name) => table.nameFor(name))).toEqual([
      'a.example.com',
      '*.example.com',
      undefined,
      '*.example.org',
      undefined,
      undefined,
    ]);
  });
});

describe('an unknown name, and no name at all', () => {
  const routes = [{ name: 'a.test', upstream: 'a' }];

  it.each<[string, Partial<SniRules<string>>, string]>([
    [
      'sni.default',
      { routes, defaultUpstream: 'd', ownUpstream: 'own', defaultCertificate: 'c', isStrict: true },
      'upstream d',
    ],
    ['the default certificate', { routes, ownUpstream: 'own', defaultCertificate: 'c' }, 'certificate c'],
    [
      'nothing when strict_sni is on',
      { routes, ownUpstream: 'own', defaultCertificate: 'c', isStrict: true },
      'refused',
    ],
    [
      "the listener's own upstream when nothing is decrypted",
      { routes, ownUpstream: 'own', isStrict: true },
      'upstream own',
    ],
    ['nothing when there is nothing', { routes }, 'refused'],
  ])('get %s', (_, rules, choice) => {
    for (const sni of ['b.test', undefined, '']) expect(fate(rules, sni)).toBe(choice);
    expect(fate(rules, 'a.test')).toBe('upstream a');
  });
});

it('has ten thousand names as well as one', () => {
  const routes = Array.from({ length: 10_000 }, (_, index) => ({
    name: `${index % 2 === 0 ? '' : '*.'}host-${index}.test`,
    upstream: `u${index}`,
  }));
  const table = new SniTable({ ...NOTHING, routes });
  expect(table.decide({ sni: 'host-9998.test' })).toEqual({ kind: 'pass', upstream: 'u9998' });
  expect(table.decide({ sni: 'x.host-9999.test' })).toEqual({ kind: 'pass', upstream: 'u9999' });
  expect(table.decide({ sni: 'host-9998.test' })).toBe(table.decide({ sni: 'host-9998.test' }));
});
