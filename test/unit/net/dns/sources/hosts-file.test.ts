import { describe, expect, it } from 'vitest';

import { localAddresses, parseHosts } from '../../../../../src/net/dns/sources/hosts-file.ts';

const HOSTS = parseHosts(`
# comment
127.0.0.1   localhost loopback
::1 localhost
10.0.0.1 Shop.test shop # the old one
10.0.0.2 shop.test
10.0.0.1 shop.test
fe80::1%eth0 link.test
999.0.0.1 broken.test
only.names here
10.0.0.9
`);

describe('the hosts file', () => {
  it.each<[string, readonly string[] | undefined]>([
    ['shop.test', ['10.0.0.1', '10.0.0.2']],
    ['SHOP.Test.', ['10.0.0.1', '10.0.0.2']],
    ['shop', ['10.0.0.1']],
    ['localhost', ['127.0.0.1', '::1']],
    ['link.test', ['fe80::1%eth0']],
    ['broken.test', undefined],
    ['here', undefined],
    ['the', undefined],
    ['elsewhere.test', undefined],
  ])('knows %s', (name, addresses) => {
    expect(localAddresses(name, HOSTS)).toEqual(addresses);
  });

  it('need not be there for localhost and the names below it', () => {
    const none = parseHosts('');
    for (const name of ['localhost', 'LocalHost.', 'app.localhost'])
      expect(localAddresses(name, none), name).toEqual(['127.0.0.1', '::1']);
    expect(localAddresses('notlocalhost', none)).toBeUndefined();
    expect(localAddresses('localhost.test', none)).toBeUndefined();
  });

  it('is believed about localhost too', () => {
    expect(localAddresses('localhost', parseHosts('127.0.0.9 localhost'))).toEqual(['127.0.0.9']);
  });
});
