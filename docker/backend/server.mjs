// A backend for trying out: it answers with its name; a share of the answers is slow, and a share is an error.
import { createServer } from 'node:http';
import { hostname } from 'node:os';

const name = process.env.NAME ?? hostname();
const slowShare = Number(process.env.SLOW_SHARE ?? '0.05');
const errorShare = Number(process.env.ERROR_SHARE ?? '0.01');

const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/health') {
    response.end('ok\n');
    return;
  }
  const status = Math.random() < errorShare ? 500 : 200;
  const delayMs = Math.random() < slowShare ? 250 + Math.random() * 500 : Math.random() * 10;
  setTimeout(() => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(
      `${JSON.stringify({ backend: name, path: request.url, trace: request.headers.traceparent })}\n`,
    );
  }, delayMs);
});

server.listen(3000, () =>
  console.log(JSON.stringify({ level: 'info', message: 'listening', backend: name })),
);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.close(() => process.exit(0)));
