import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';

/**
 * Opens connections that ask once and stay, until the process is ended. Arguments: the port, the number of connections, the address to
 * connect from (one address has ports for 28,000), the path, and the file of the CA for TLS. Prints `OPEN` and how many there are.
 */
const [port = '0', count = '0', localAddress = '127.0.0.1', path = '/', caFile] = process.argv.slice(2);
const AT_A_TIME = 100;

const secureContext = caFile === undefined ? undefined : createSecureContext({ ca: readFileSync(caFile) });
const sockets: Socket[] = [];
let failure = '';
try {
  while (sockets.length < Number(count))
    sockets.push(...(await Promise.all(Array.from({ length: AT_A_TIME }, () => askOnce(secureContext)))));
} catch (error) {
  failure = ` (${String(error)})`;
}
process.stdout.write(`OPEN ${sockets.length}${failure}\n`);

function askOnce(context: SecureContext | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = { port: Number(port), host: '127.0.0.1', localAddress };
    const socket =
      context === undefined ? connect(target) : connectTls({ ...target, secureContext: context });
    socket.once('error', reject);
    socket.once('data', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
  });
}
