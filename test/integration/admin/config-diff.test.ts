import { expect, it } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

const yaml = (address: string, more = ''): string => `
listen: '127.0.0.1:0'
backends: [{ name: one, address: '${address}' }]
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
${more}`;

async function compared(proxy: LabProxy, body: string): Promise<Record<string, unknown>> {
  const { status, json } = await askAdmin(proxy.adminAddress, '/config/diff', { method: 'POST', body });
  return { status, ...(json() as object) };
}

it('says what an edit would change, and changes nothing', async () => {
  const one = await backend(named('one'));
  const proxy = await labProxy(yaml(one.address));
  const text = yaml(one.address, 'timeouts: { connect: 7s }\nplugins: {}');
  expect(await compared(proxy, text)).toEqual({
    status: 200,
    generation: 1,
    ok: true,
    message: 'upstream default: timeouts.connect 5s → 7s',
    changes: [
      expect.objectContaining({ path: 'upstreams[default].timeouts.connect', before: '5s', after: '7s' }),
    ],
    problems: [],
    warnings: [],
  });
  expect(await compared(proxy, yaml(one.address))).toMatchObject({
    status: 200,
    message: 'nothing',
    changes: [],
  });
  expect((await proxy.status())['generation']).toBe(1);
  expect((await get(await client(proxy.address()))).body).toBe('one');
});

it('says which states set by hand an edit would drop', async () => {
  const one = await backend(named('one'));
  const proxy = await labProxy(yaml(one.address));
  await askAdmin(proxy.adminAddress, '/backends/one/drain', { method: 'POST' });
  const path = 'upstreams[default].backends[one]';
  const dropped = async (body: string) => {
    const { changes } = await compared(proxy, body);
    return (changes as { summary: string; note?: string }[]).filter(({ summary }) =>
      summary.includes('by hand'),
    );
  };
  const summary = 'upstream default: backend one: state draining, set by hand, is dropped';
  expect(await dropped(yaml(one.address, 'timeouts: { connect: 7s }'))).toEqual([]);
  expect(await dropped(yaml(one.address).replace('name: one', 'name: uno'))).toEqual([
    {
      path,
      kind: 'removed',
      effect: 'hot',
      summary,
      note: 'the backend is called uno then: set its state again',
    },
  ]);
  expect(await dropped(yaml(one.address).replace(/^backends:.*$/m, 'backends: []'))).toMatchObject([
    { path, summary, note: 'the config has no such backend any more' },
  ]);
  expect(await dropped(yaml(one.address))).toEqual([]);
});

it('lists what is wrong with an edit, with the places in the text', async () => {
  const proxy = await labProxy(yaml('127.0.0.1:1'));
  const wrong = yaml('127.0.0.1:1', 'timeouts: { connect: soon }');
  expect(await compared(proxy, wrong)).toMatchObject({
    status: 422,
    ok: false,
    changes: [],
    problems: [{ line: 6, column: 22, path: 'timeouts.connect' }],
  });
});

it('says that an address changes hands, and what that costs', async () => {
  const address = await deadAddress();
  const port = address.replace(/^.*:/, '');
  const proxy = await labProxy(yaml('127.0.0.1:1').replace('127.0.0.1:0', address));
  const wide = yaml('127.0.0.1:1').replace('127.0.0.1:0', `:${port}`);
  expect(await compared(proxy, wide)).toMatchObject({
    status: 200,
    ok: true,
    changes: [
      {
        effect: 're-binds',
        note: expect.stringContaining(
          `binds :${port} in the place of listener default at ${address}`,
        ) as string,
      },
    ],
  });
  expect(await proxy.edit(wide)).toMatchObject({
    ok: true,
    message: expect.stringContaining('made room') as string,
  });
});

it('refuses a certificate that has expired, as a reload would', async () => {
  const { chain, key } = new CertificateAuthority().issueExpired();
  const proxy = await labProxy(yaml('127.0.0.1:1'), { 'late.crt': chain, 'late.key': key });
  expect(
    await compared(proxy, yaml('127.0.0.1:1', 'tls: { cert_file: late.crt, key_file: late.key }')),
  ).toMatchObject({
    status: 422,
    ok: false,
    problems: [{ line: 6, column: 19, message: expect.stringContaining('expired on') as string }],
  });
});
