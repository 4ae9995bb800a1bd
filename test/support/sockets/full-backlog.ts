import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** An address that answers no connect, neither with yes nor with no. */
export interface FullBacklog {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
  /** From now on it takes connections, also those that wait, and answers requests. */
  goOn(): void;
}

/** Listens with the smallest queue and then stops running: nobody takes connections out of the queue. */
const script = (answer: string): string => `
const answer = (request, response) => { ${answer} };
const server = require('node:http').createServer(answer).listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  process.stdout.write(String(server.address().port), () => process.kill(process.pid, 'SIGSTOP'));
});
`;

/**
 * A {@link FullBacklog} until the end of the test.
 *
 * @param answer statements in JavaScript by which it answers a `request` with a `response`
 */
export async function fullBacklog(answer = `response.end('late')`): Promise<FullBacklog> {
  const child = spawn(process.execPath, ['-e', script(answer)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const fillers: Socket[] = [];
  onTestFinished(() => {
    for (const filler of fillers) filler.destroy();
    child.kill('SIGKILL');
  });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(text.toString());
  // The queue holds a few more than it was asked to.
  for (;;) {
    const filler = connect(port, '127.0.0.1');
    filler.on('error', () => undefined);
    fillers.push(filler);
    const connected = await Promise.race([
      once(filler, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 150)),
    ]);
    if (!connected) return { kind: 'tcp', host: '127.0.0.1', port, goOn: () => child.kill('SIGCONT') };
    if (fillers.length > 50) throw new Error('the queue is never full');
  }
}
