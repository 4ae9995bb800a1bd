import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { connect, createSecureContext, TLSSocket, type SecureContext, type SecureVersion } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';

import { derValues, type DerValue } from '../../../../../src/certificates/der.ts';
import { RotatingKeyRing } from '../../../../../src/net/tls/contexts/rotating-key-ring.ts';
import { attachTicketKeys } from '../../../../../src/net/tls/contexts/ticket-key-ring.ts';
import { CertificateAuthority } from '../../../../support/certificates.ts';

const HOUR_MS = 60 * 60 * 1000;
const KEY_NAME_BYTES = 16;
/** The tag of the ticket within a session of OpenSSL. */
const TICKET_FIELD = 0xaa;
/** What a session begins with, after the tag and length of the sequence that it is: its format, and the major version of TLS. */
const BEGINNING = Buffer.from('020101020203', 'hex');
const LENGTH_BYTES = 4;

const ca = new CertificateAuthority();
const { chain, key } = ca.issue();

function newContext(): SecureContext {
  return createSecureContext({ cert: chain, key, sessionIdContext: 'ring' });
}

/** A clock that moves when the test says so. */
class Clock {
  hours = 0;
  readonly nowMs = (): number => this.hours * HOUR_MS;
}

/** A TLS server with this context. */
async function serve(secureContext: SecureContext, version: SecureVersion) {
  const server = createServer((raw) => {
    const socket = new TLSSocket(raw, { isServer: true, secureContext });
    socket.on('error', () => undefined);
    socket.write('hello');
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return (session?: Buffer) => visit(port, version, session);
}

/** One connection: whether it resumed the session that it offered, and the newest session that it was given. */
async function visit(port: number, version: SecureVersion, session: Buffer | undefined) {
  const offered = session === undefined ? {} : { session };
  const versions = { minVersion: version, maxVersion: version };
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: ca.cert,
    ...versions,
    ...offered,
  });
  // Tickets of TLS 1.3 come after the handshake, and before the first bytes of the server's application.
  await once(socket, 'data');
  const result = { isResumed: socket.isSessionReused(), session: socket.getSession() ?? Buffer.alloc(0) };
  socket.destroy();
  return result;
}

/** The name of the key that the ticket of a session was made with: a ticket begins with it. */
function keyNameOf(session: Buffer): string {
  // From version 22 on, Node.js writes a few things of its own in front of what OpenSSL made.
  const at = session.indexOf(BEGINNING) - LENGTH_BYTES;
  const [whole] = derValues(session.subarray(at, at + LENGTH_BYTES + session.readUInt16BE(at + 2)));
  const ticket = derValues(whole?.content ?? Buffer.alloc(0)).find(({ id }) => id === TICKET_FIELD);
  const [{ content }] = derValues(ticket?.content ?? Buffer.alloc(0)) as [DerValue];
  return content.subarray(0, KEY_NAME_BYTES).toString('hex');
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('the keys of session tickets, with %s', (version) => {
  it('stay the same for 12 hours', async () => {
    const clock = new Clock();
    const ring = new RotatingKeyRing(clock.nowMs);
    const context = newContext();
    attachTicketKeys(context, ring);
    const visitor = await serve(context, version);
    expect(ring.ageMs).toBeUndefined();
    const first = await visitor();
    expect(first.isResumed).toBe(false);
    clock.hours = 11.9;
    const later = await visitor(first.session);
    expect(later.isResumed).toBe(true);
    expect(keyNameOf(later.session)).toBe(keyNameOf(first.session));
    expect(ring.ageMs).toBe(11.9 * HOUR_MS);
  });

  it('are changed after 12 hours; a ticket of the key before is taken, and replaced by one of the new key', async () => {
    const clock = new Clock();
    const ring = new RotatingKeyRing(clock.nowMs);
    const context = newContext();
    attachTicketKeys(context, ring);
    const visitor = await serve(context, version);
    const first = await visitor();
    clock.hours = 12;
    const renewed = await visitor(first.session);
    expect(renewed.isResumed).toBe(true);
    expect(keyNameOf(renewed.session)).not.toBe(keyNameOf(first.session));
    expect(ring.ageMs).toBe(0);
    // The renewed ticket lives as long as its own key, the first one no longer than it.
    clock.hours = 24;
    expect((await visitor(renewed.session)).isResumed).toBe(true);
    expect((await visitor(first.session)).isResumed).toBe(false);
  });

  it('are forgotten 24 hours after they were made, however few clients come', async () => {
    const clock = new Clock();
    const ring = new RotatingKeyRing(clock.nowMs);
    const context = newContext();
    attachTicketKeys(context, ring);
    const visitor = await serve(context, version);
    const first = await visitor();
    clock.hours = 23.9;
    expect((await visitor(first.session)).isResumed).toBe(true);
    clock.hours = 24;
    const refused = await visitor(first.session);
    expect(refused.isResumed).toBe(false);
    expect((await visitor(refused.session)).isResumed).toBe(true);
  });

  it('are those of the ring, for all its contexts and for no other ring', async () => {
    const ring = new RotatingKeyRing();
    const [one, two, strange] = [newContext(), newContext(), newContext()];
    attachTicketKeys(one, ring);
    attachTicketKeys(two, ring);
    attachTicketKeys(strange, new RotatingKeyRing());
    const { session } = await (await serve(one, version))();
    expect((await (await serve(two, version))(session)).isResumed).toBe(true);
    const elsewhere = await (await serve(strange, version))(session);
    expect(elsewhere.isResumed).toBe(false);
    expect(elsewhere.session.length).toBeGreaterThan(0);
  });

  it('may come from any ring', async () => {
    const given = { name: randomBytes(KEY_NAME_BYTES), hmacKey: randomBytes(32), aesKey: randomBytes(16) };
    const named = (name: Buffer) => (name.equals(given.name) ? given : undefined);
    const context = newContext();
    attachTicketKeys(context, { current: () => given, named, fixed: randomBytes(48), ageMs: 0 });
    const visitor = await serve(context, version);
    const { session } = await visitor();
    expect(keyNameOf(session)).toBe(given.name.toString('hex'));
    expect((await visitor(session)).isResumed).toBe(true);
  });

  it('live as long as the process where the runtime can not ask for them', async () => {
    const clock = new Clock();
    const ring = new RotatingKeyRing(clock.nowMs);
    const [one, two] = [newContext(), newContext()];
    for (const context of [one, two]) {
      Object.defineProperty(context.context, 'enableTicketKeyCallback', { value: undefined });
      attachTicketKeys(context, ring);
    }
    const { session } = await (await serve(one, version))();
    clock.hours = 100;
    expect((await (await serve(two, version))(session)).isResumed).toBe(true);
    expect(ring.ageMs).toBeUndefined();
  });
});
