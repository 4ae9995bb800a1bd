import { connect, createServer } from 'node:net';

const [listen, backend = 0] = process.argv.slice(2).map(Number);

const server = createServer({ allowHalfOpen: true, noDelay: true }, (downstream) => {
  const upstream = connect({ port: backend, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  downstream.on('error', () => upstream.destroy());
  upstream.on('error', () => downstream.destroy());
  downstream.pipe(upstream);
  upstream.pipe(downstream);
});
server.listen({ port: listen, host: '127.0.0.1', backlog: 4096 });
