import { connect } from 'node:net';

// Connects many clients at once and prints how long each waits for the first bytes of its answer, in ms.
const [port = 0, count = 0] = process.argv.slice(2, 4).map(Number);
const path = process.argv[4] ?? '/';

const waits = await Promise.all(Array.from({ length: count }, ask));
process.stdout.write(`RESULT ${JSON.stringify(waits)}\n`);

/** Resolves with -1 when there is no answer. */
function ask(): Promise<number> {
  return new Promise((resolve) => {
    const begunAtMs = performance.now();
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (waitMs: number): void => {
      resolve(waitMs);
      socket.destroy();
    };
    socket.once('data', () => {
      finish(performance.now() - begunAtMs);
    });
    socket.once('close', () => {
      finish(-1);
    });
    socket.on('error', () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
  });
}
