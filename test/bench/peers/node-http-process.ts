import { randomUUID } from 'node:crypto';
import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy-3';

const [listen, backend] = process.argv.slice(2).map(Number);

const proxy = createProxyServer({
  target: `http://127.0.0.1:${backend ?? 0}`,
  agent: new Agent({ keepAlive: true, maxSockets: 1024 }),
  xfwd: true,
});
proxy.on('error', () => undefined);

const server = createServer((request, response) => {
  const requestId = randomUUID();
  request.headers['x-request-id'] = requestId;
  response.setHeader('X-Request-ID', requestId);
  proxy.web(request, response);
});
server.listen({ port: listen, host: '127.0.0.1', backlog: 4096 });
