/**
 * A plugin of one file: a protocol that greets each client with the id of the thread that serves it. `block N` blocks that thread for
 * N ms, and is answered after that.
 */
export function threadPlugin(name = 'thread'): string {
  return `
import { threadId } from 'node:worker_threads';
const waiting = new Int32Array(new SharedArrayBuffer(4));
const instance = {
  protocol: '${name}',
  active: 0,
  handle({ transport }) {
    transport.read({
      data(bytes, start, end) {
        const [verb, ms] = bytes.latin1Slice(start, end).split(' ');
        if (verb === 'block') Atomics.wait(waiting, 0, 0, Number(ms));
        transport.writeText('done\\n');
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
