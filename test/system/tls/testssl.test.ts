import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { isInstalled, runTool } from './run-tool.ts';

const LIMIT_MS = 600_000;
const TOO_BAD = ['MEDIUM', 'HIGH', 'CRITICAL', 'FATAL'];

/** What testssl.sh says of things that are not the proxy's: a CA for tests keeps no lists of revoked certificates. */
const NOT_OURS = ['cert_revocation'];

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

const tool = ['testssl', 'testssl.sh'].find(isInstalled);

/** TESTSSL=whole npm test: also the details of forward secrecy, and the certificates, which are made for the test. */
const isWhole = process.env['TESTSSL'] === 'whole';

interface Target {
  readonly title: string;
  /** Stems of the certificates that the listener has. */
  readonly stems: readonly ('ec' | 'rsa')[];
  readonly isAdmin?: boolean;
}

const TARGETS: readonly Target[] = [
  { title: 'a listener with an RSA and an ECDSA certificate', stems: ['ec', 'rsa'] },
  { title: 'a listener with an ECDSA certificate', stems: ['ec'] },
  { title: 'a listener with an RSA certificate', stems: ['rsa'] },
  { title: 'the admin server', stems: ['rsa'], isAdmin: true },
];

// Skipped without testssl.sh (apt-get install testssl.sh). Takes some minutes: it makes hundreds of handshakes.
describe.skipIf(tool === undefined)('testssl.sh finds nothing above "low" in the default settings', () => {
  it.each(TARGETS)(
    'of $title',
    async (target) => {
      const { findings, text } = await examined(target);
      expect(findings.length, text).toBeGreaterThan(isWhole ? 50 : 30);
      for (const [id, finding] of [
        ['TLS1_3', 'offered'],
        ['TLS1_1', 'not offered'],
        ['secure_client_renego', 'not vulnerable'],
      ] as const)
        expect(findings.find((one) => one.id === id)?.finding, id).toContain(finding);
      const bad = findings.filter(({ id, severity }) => {
        const [name = ''] = id.split(' ');
        return TOO_BAD.includes(severity) && !NOT_OURS.includes(name);
      });
      expect(bad).toEqual([]);
    },
    LIMIT_MS,
  );
});

async function examined({ stems, isAdmin = false }: Target): Promise<{ findings: Finding[]; text: string }> {
  const { address } = await backend(answering(() => ok('hello')));
  const authority = new CertificateAuthority();
  const [ec, rsa] = [
    authority.issue({ names: ['localhost'], usage: 'server' }),
    authority.issue({ names: ['localhost'], usage: 'server', keyType: 'rsa' }),
  ];
  const pairs = stems.map((stem) => `{ cert_file: ${stem}.crt, key_file: ${stem}.key }`);
  const yaml = `mode: http
listen: 127.0.0.1:0
tls: { certificates: [${pairs.join(', ')}] }
backends: [{ address: '${address}' }]
admin: { listen: 127.0.0.1:0, tls: ${pairs[0]} }
logging: { level: error }
`;
  const files = { 'ec.crt': ec.chain, 'ec.key': ec.key, 'rsa.crt': rsa.chain, 'rsa.key': rsa.key };
  const proxy = await labProxy(yaml, { ...files, 'ca.crt': authority.cert });
  const report = join(proxy.directory, 'report.json');
  // Protocols, ciphers, preferences and the known attacks.
  const checks = isWhole ? ['-p', '-s', '-f', '-P', '-S', '-U'] : ['-p', '-s', '-P', '-U'];
  const quiet = ['--quiet', '--color', '0', '--warnings', 'off', '--nodns', 'none', '--ip', '127.0.0.1'];
  const authorities = ['--add-ca', join(proxy.directory, 'ca.crt')];
  const asked = (isAdmin ? proxy.adminAddress : proxy.address()).replace('127.0.0.1', 'localhost');
  const args = [...checks, ...quiet, ...authorities, '--jsonfile', report, asked];
  const { text } = await runTool(tool ?? '', args, { limitMs: LIMIT_MS });
  return { findings: JSON.parse(readFileSync(report, 'utf8')) as Finding[], text };
}
