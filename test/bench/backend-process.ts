import { createServer } from 'node:net';
import { bodySizeBytes } from './scenarios.ts';

// A backend for machines without nginx: it understands no more of HTTP than the benchmark sends.
const answers = new Map(
  Object.entries(bodySizeBytes).map(([path, size]) => [
    path,
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`),
  ]),
);

const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    const heads = (rest + chunk.toString('latin1')).split('\r\n\r\n');
    rest = heads.pop() ?? '';
    for (const head of heads)
      socket.write(
        answers.get(head.split(' ')[1] ?? '') ?? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
      );
  });
});
server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
