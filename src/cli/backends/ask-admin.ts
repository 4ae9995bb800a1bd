import { X509Certificate } from 'node:crypto';
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect as connectPlain, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { BalanceError, messageOf, systemCodeOf } from '../../errors.ts';
import type { AdminPlace } from './admin-place.ts';

/** An operator waits; a proxy that is stuck must not let a script wait for ever. */
const LIMIT_MS = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** The answer of an admin server, read as JSON. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Asks an admin server.
 *
 * @param body sent as JSON. Default: nothing
 * @throws BalanceError when there is no proxy, or when it does not answer
 */
export async function askAdmin(
  place: AdminPlace,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<AdminAnswer> {
  try {
    const socket = await connected(place);
    const { status, text } = await exchanged(socket, place, { method, path }, body);
    return { status, body: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof BalanceError) throw error;
    const isAbsent = ['ECONNREFUSED', 'ENOENT'].includes(systemCodeOf(error));
    throw failure(
      isAbsent
        ? `no proxy answers at ${place.shown}, where the config has its admin server`
        : `the admin server at ${place.shown} can not be asked: ${messageOf(error)}`,
    );
  }
}

function connected(place: AdminPlace): Promise<Socket> {
  const { address, certificate } = place;
  const target: NetConnectOpts =
    address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  return new Promise((resolve, reject) => {
    // The certificate is compared below: it must be the very one that the config names.
    const socket =
      certificate === undefined ? connectPlain(target) : connectTls({ ...target, rejectUnauthorized: false });
    const done = (): void => {
      if (certificate === undefined || isShownBy(socket, certificate)) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(
        failure(`${place.shown} shows another certificate than admin.tls.cert_file: nothing was sent to it`),
      );
    };
    socket.setTimeout(LIMIT_MS, () => {
      socket.destroy(failure(`the proxy does not answer at ${place.shown}: it is stuck`));
    });
    socket.once(certificate === undefined ? 'connect' : 'secureConnect', done).once('error', reject);
  });
}

function isShownBy(socket: Socket & { getPeerCertificate?: () => { raw?: Buffer } }, pem: string): boolean {
  const shown = socket.getPeerCertificate?.().raw;
  return shown !== undefined && new X509Certificate(pem).raw.equals(shown);
}

function exchanged(
  socket: Socket,
  { address, token }: AdminPlace,
  options: Pick<RequestOptions, 'method' | 'path'>,
  body: object | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...options,
      createConnection: () => socket,
      headers: {
        host: address.kind === 'unix' ? 'localhost' : address.host,
        connection: 'close',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.length > MOST_BYTES) response.destroy(new Error('its answer is too large'));
      });
      response.on('error', reject).on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function failure(message: string): BalanceError {
  return new BalanceError('internal', message);
}
