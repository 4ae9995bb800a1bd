/**
 * A plugin of one file: a protocol that greets each client with the id of the thread that serves it. `hold FILE` blocks that thread until
 * there is that file; the client is told `held` before, and `done` after that.
 */
export function threadPlugin(name = 'thread'): string {
  return `
import { existsSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
const waiting = new Int32Array(new SharedArrayBuffer(4));
const instance = {
  protocol: '${name}',
  active: 0,
  handle({ transport }) {
    transport.read({
      data(bytes, start, end) {
        const [verb, file] = bytes.latin1Slice(start, end).split(' ');
        if (verb !== 'hold') return;
        transport.writeText('held\\n');
        // That goes out at the end of the turn, and nothing is accepted in between.
        setImmediate(() => {
          while (!existsSync(file)) Atomics.wait(waiting, 0, 0, 5);
          transport.writeText('done\\n');
        });
      },
      end() { transport.end(); },
      drained() {},
      closed() {},
    });
    transport.writeText(threadId + '\\n');
    return { drain() { transport.close(); } };
  },
  async close() {},
};
export default { apiVersion: 2, name: '${name}', provision: () => instance };
`;
}
