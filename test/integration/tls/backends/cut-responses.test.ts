import { describe, expect, it } from 'vitest';

import { CertificateAuthority } from '../../../support/certificates.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { client } from '../../../support/peers/clients.ts';
import { tcpRelay } from '../../../support/sockets/tcp-relay.ts';
import { tlsBackend } from '../../../support/sockets/tls-backend.ts';
import { eventually } from '../../../support/time/eventually.ts';

const authority = new CertificateAuthority();
const { cert, key } = authority.issue();

const UNTIL_CLOSE = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe begin';
const WITH_LENGTH = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nthe begin';

/** A client that has got what a backend with TLS sent of its response; `end` ends the backend's connection, with or without close_notify. */
async function begun(response: string, request = 'GET / HTTP/1.1\r\nHost: test\r\n\r\n') {
  const backend = await tlsBackend({ cert, key }, (socket) => socket.write(response));
  const relay = await tcpRelay(backend.port);
  const proxy = await labProxy(
    `listeners: [{ name: web, listen: '127.0.0.1:0', mode: http, upstream: api }]
upstreams: [{ name: api, backends: [{ address: '${relay.address}' }], tls: { ca_file: ca.crt } }]
`,
    { 'ca.crt': authority.cert },
  );
  const socket = await client(proxy.address());
  socket.send(request);
  await socket.untilText('the begin');
  const end = (isCut: boolean): void => {
    if (isCut) relay.cut();
    else backend.secured[0]?.end();
  };
  return { proxy, socket, end };
}

describe('a response whose end is the end of a TLS connection', () => {
  it('is complete after close_notify', async () => {
    const { proxy, socket, end } = await begun(UNTIL_CLOSE);
    end(false);
    await socket.untilText('\r\n0\r\n\r\n');
    await proxy.untilLogged('status=200');
    expect(await proxy.log()).not.toContain('error=');
  });

  it('is broken off without it, and the log says why', async () => {
    const { proxy, socket, end } = await begun(UNTIL_CLOSE);
    end(true);
    await socket.untilEnded();
    expect(socket.text).not.toContain('\r\n0\r\n\r\n');
    expect(await proxy.untilLogged('without close_notify')).toContain('127.0.0.1');
    await proxy.untilLogged('error=backend_reset');
  });

  it('is broken off by a reset where its end is the end of the connection for the client too', async () => {
    const { socket, end } = await begun(UNTIL_CLOSE, 'GET / HTTP/1.0\r\n\r\n');
    end(true);
    expect(await socket.untilClosed()).toBe('reset');
  });
});

it('a response of known length needs no close_notify', async () => {
  const { proxy, socket, end } = await begun(WITH_LENGTH);
  end(true);
  await proxy.untilLogged('status=200');
  await eventually(async () => !(await proxy.log()).includes('error='), 'no error is logged');
  expect(socket.text).toContain('the begin');
});
