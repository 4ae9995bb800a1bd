import { once } from 'node:events';
import { X509Certificate } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';

import { CertificateAuthority, type IssuedCertificate } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { backend } from '../../support/peers/backends.ts';
import { named } from '../../support/peers/http-talk.ts';
import { eventually } from '../../support/time/eventually.ts';

export const CA = new CertificateAuthority();

export const NOT_YET = 'config not reloaded yet';
export const REFUSED = 'config not reloaded, the running one stays';

/** A new certificate for the one site of these tests, as after a renewal. */
export function renewed(): IssuedCertificate {
  return CA.issue({ names: ['a.test'] });
}

export function siteYaml(address: string, pair: string, more = ''): string {
  return `mode: http
listen: '127.0.0.1:0'
tls: { ${pair} }
backends: [{ address: '${address}' }]
admin: { listen: '127.0.0.1:0' }
logging: { level: debug }
reload: { debounce: 20ms, poll_interval: 10m ${more} }
`;
}

export const PAIR = 'cert_file: a.crt, key_file: a.key';

/** A proxy with a watched config and the certificate `pair` of {@link PAIR}, before one backend. */
export async function siteProxy(
  pair: IssuedCertificate,
  more = '',
): Promise<{ proxy: LabProxy; yaml: string }> {
  const { address } = await backend(named('hello'));
  const yaml = siteYaml(address, PAIR, more);
  return { proxy: await labProxy(yaml, { 'a.crt': pair.chain, 'a.key': pair.key }), yaml };
}

export function serialOf({ cert }: IssuedCertificate): string {
  return new X509Certificate(cert).serialNumber;
}

/** A connection after its handshake. */
export async function shakeHands(proxy: LabProxy, session?: Buffer): Promise<TLSSocket> {
  const port = Number(proxy.address().split(':').at(-1));
  const offered = session === undefined ? {} : { session };
  const socket = connect({ port, host: '127.0.0.1', servername: 'a.test', ca: CA.cert, ...offered });
  await once(socket, 'secureConnect');
  return socket;
}

/** The serial number of the certificate that a new client gets. */
export async function shownSerial(proxy: LabProxy): Promise<string> {
  const socket = await shakeHands(proxy);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

export async function untilShown(proxy: LabProxy, pair: IssuedCertificate): Promise<void> {
  const serial = serialOf(pair);
  await eventually(async () => (await shownSerial(proxy)) === serial, 'new clients get the new certificate');
}

/** How many lines of the log have that text. */
export async function countLogged(proxy: LabProxy, text: string): Promise<number> {
  return (await proxy.log()).split('\n').filter((line) => line.includes(text)).length;
}
