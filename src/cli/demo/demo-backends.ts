import { createServer, type Server } from 'node:http';
import { BalanceError, messageOf, systemCodeOf } from '../../errors.ts';

/** A small server behind the demo's proxy. It answers each request with its own name. */
export interface DemoBackend {
  readonly name: string;
  readonly port: number;
}

export interface DemoBackends {
  readonly backends: readonly DemoBackend[];
  close(): Promise<void>;
}

/** `localhost` is one of these, depending on the machine and on the client. */
const LOOPBACK_HOSTS = ['127.0.0.1', '::1'] as const;

/** Starts `backend-1`, `backend-2` … on these ports of localhost (0: any). Throws when a port is taken. */
export async function startDemoBackends(ports: readonly number[]): Promise<DemoBackends> {
  const servers: Server[] = [];
  const backends: DemoBackend[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer));
  };
  try {
    for (const [index, wantedPort] of ports.entries()) {
      const name = `backend-${index + 1}`;
      let port = wantedPort;
      for (const host of LOOPBACK_HOSTS) {
        const server = createBackend(name);
        const boundPort = await listen(server, port, host);
        if (boundPort === undefined) continue;
        servers.push(server);
        port = boundPort;
      }
      backends.push({ name, port });
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { backends, close };
}

function createBackend(name: string): Server {
  return createServer((request, response) => {
    const body = request.url === '/health' ? 'ok\n' : `Hello from ${name}\n`;
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
    request.resume();
  });
}

/** Resolves with the bound port, or undefined where the machine does not have that address. */
function listen(server: Server, port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const code = systemCodeOf(error);
      if (host !== '127.0.0.1' && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) resolve(undefined);
      else if (code === 'EADDRINUSE') reject(portInUse(port));
      else reject(new BalanceError('internal', `demo backend: ${messageOf(error)}`, { cause: error }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function portInUse(port: number): BalanceError {
  return new BalanceError(
    'address_in_use',
    `port ${port} is already in use: the demo needs it for a backend`,
  );
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
