/** How a worker is ended: by an uncaught error, a full heap, or from outside. */
export const ENDS = ['throw', 'heap', 'terminate'] as const;
export type End = (typeof ENDS)[number];

/** The protocol whose clients end the worker that serves them. */
export const REAPER = 'reaper';

/** The channel on which a worker asks the main thread to terminate it: see terminate-hook.ts. */
export const TERMINATE_CHANNEL = 'balance-soak-terminate';

/** Time for the answer to be sent. */
const ANSWER_MS = 20;

/** A plugin that says the number of its worker to each client, and ends that worker when the client says how. */
export const REAPER_PLUGIN = `
import { BroadcastChannel, threadId, workerData } from 'node:worker_threads';

const ends = {
  throw() {
    process.removeAllListeners('uncaughtException');
    throw new Error('thrown on purpose');
  },
  heap() {
    const all = [];
    for (;;) all.push(new Array(10_000).fill(all.length));
  },
  terminate() {
    new BroadcastChannel('${TERMINATE_CHANNEL}').postMessage(threadId);
  },
};

class ReaperInstance {
  protocol = '${REAPER}';
  active = 0;

  handle({ transport }) {
    this.active += 1;
    transport.read({
      data: (bytes, start, end) => {
        const run = ends[bytes.toString('utf8', start, end).trim()];
        if (run !== undefined) setTimeout(run, ${String(ANSWER_MS)});
      },
      drained() {},
      end() {
        transport.end();
      },
      closed: () => {
        this.active -= 1;
      },
    });
    transport.write(Buffer.from((workerData?.index ?? 0) + 1 + '\\n'));
    return {
      drain() {
        transport.end();
      },
    };
  }

  async close() {}
}

export default { apiVersion: 2, name: '${REAPER}', provision: () => new ReaperInstance() };
`;
