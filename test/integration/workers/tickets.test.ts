import { once } from 'node:events';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { workerPlugin } from '../../support/labs/worker-plugin.ts';
import { eventually } from '../../support/time/eventually.ts';
import { writeInto } from '../../support/write-into.ts';

const RESUMPTIONS = 50;
/** A key makes tickets for so long. */
const HALF_A_DAY_MS = 12 * 60 * 60 * 1_000;
/** A ticket begins with the name of its key. */
const KEY_NAME_BYTES = 16;
const YAML = `
workers: 4
listeners:
  - { name: web, listen: '127.0.0.1:0', mode: who, tls: { cert_file: a.crt, key_file: a.key } }
upstreams: []
plugins: { directory: plugins }
reload: { watch: false }
`;

const authority = new CertificateAuthority();

function certificate(): Readonly<Record<string, string>> {
  const { chain, key } = authority.issue({ names: ['localhost', '127.0.0.1'] });
  return { 'a.crt': chain, 'a.key': key };
}

function start(): Promise<LabProxy> {
  return labProxy(YAML, { ...certificate(), 'plugins/who.mjs': workerPlugin('v1') });
}

interface Visit {
  readonly worker: number;
  readonly isResumed: boolean;
  readonly serialNumber: string;
  /** The newest session that the server gave. */
  readonly session: Buffer | undefined;
  readonly socket: TLSSocket;
}

/** A connection that stays open until the test ends, so that the next ones come to other workers too. */
async function visit(proxy: LabProxy, version: SecureVersion, session?: Buffer): Promise<Visit> {
  const [host, port] = proxy.address().split(':');
  const socket = connect({
    host: host!,
    port: Number(port),
    servername: 'localhost',
    ca: authority.cert,
    minVersion: version,
    maxVersion: version,
    ...(session === undefined ? {} : { session }),
  });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  let newest: Buffer | undefined;
  socket.on('session', (given: Buffer) => {
    newest = given;
  });
  const [line] = (await once(socket.setEncoding('latin1'), 'data')) as [string];
  return {
    worker: Number(/worker (\d+)/.exec(line)?.[1]),
    isResumed: socket.isSessionReused(),
    serialNumber: socket.getPeerCertificate().serialNumber,
    session: newest ?? socket.getSession(),
    socket,
  };
}

async function resume(proxy: LabProxy, version: SecureVersion, session: Buffer): Promise<Visit[]> {
  const visits: Visit[] = [];
  for (let times = 0; times < RESUMPTIONS; times++) visits.push(await visit(proxy, version, session));
  return visits;
}

buildProgram();

describe('with four workers, a session of TLS', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`is resumed at each of them (${version})`, async () => {
      const proxy = await start();
      const first = await visit(proxy, version);
      expect(first.isResumed).toBe(false);
      const visits = await resume(proxy, version, first.session!);
      expect(visits.filter(({ isResumed }) => !isResumed)).toEqual([]);
      expect(new Set(visits.map(({ worker }) => worker)).size).toBeGreaterThan(1);
    });

    it(`is resumed at a worker that took another one's place (${version})`, async () => {
      const proxy = await start();
      const { worker, session, socket } = await visit(proxy, version);
      socket.write('end');
      await once(socket, 'close');
      await proxy.untilLogged('worker serves again');
      await eventually(async () => {
        const next = await visit(proxy, version, session);
        expect(next.isResumed).toBe(true);
        return next.worker === worker;
      }, 'the replacement serves a client');
    });
  }

  it('is resumed after the keys have changed in all of them, each of which makes tickets with the new one', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => {
      timers.mockRestore();
    });
    const proxy = await start();
    const change = timers.mock.calls.find(([, ms = 0]) => ms > HALF_A_DAY_MS - 120_000)?.[0];
    const first = await visit(proxy, 'TLSv1.2');
    const nameOf = ({ socket }: Visit) => socket.getTLSTicket()?.toString('hex', 0, KEY_NAME_BYTES);
    // Half a day is over.
    change?.();
    const changed = new Set<number>();
    await eventually(async () => {
      const next = await visit(proxy, 'TLSv1.2');
      if (nameOf(next) !== nameOf(first)) changed.add(next.worker);
      return changed.size === 4;
    }, 'all workers make tickets with the next key');
    const visits = await resume(proxy, 'TLSv1.2', first.session!);
    expect(visits.filter(({ isResumed }) => !isResumed)).toEqual([]);
    expect(new Set(visits.map(({ worker }) => worker)).size).toBeGreaterThan(1);
  });

  it('is resumed after an edit of the certificate, which all of them show at once', async () => {
    const proxy = await start();
    const first = await visit(proxy, 'TLSv1.3');
    await writeInto(proxy.directory, certificate());
    const { ok } = await proxy.app.reload();
    expect(ok).toBe(true);
    const shown = [];
    for (let times = 0; times < 20; times++) shown.push(await visit(proxy, 'TLSv1.3'));
    const serialNumbers = new Set(shown.map(({ serialNumber }) => serialNumber));
    expect(serialNumbers.size).toBe(1);
    expect(serialNumbers).not.toContain(first.serialNumber);
    expect(new Set(shown.map(({ worker }) => worker)).size).toBeGreaterThan(1);
    const visits = await resume(proxy, 'TLSv1.3', first.session!);
    expect(visits.filter(({ isResumed }) => !isResumed)).toEqual([]);
  });
});
