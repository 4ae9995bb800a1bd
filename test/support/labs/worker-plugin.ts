/**
 * A plugin that says to each client which worker serves it, as `v1 worker 2`. Then a client may send `end`, which ends that worker as an
 * uncaught error does, or `block`, which keeps it busy for two seconds.
 */
export function workerPlugin(
  version: string,
  options: { readonly name?: string; readonly more?: string } = {},
): string {
  const { name = 'who', more = '' } = options;
  return `
import { workerData } from 'node:worker_threads';

/** 0 where no worker runs it: in the main thread, or where it is only tried. */
const worker = (workerData?.index ?? -1) + 1;
${more}
const commands = {
  end() {
    process.removeAllListeners('uncaughtException');
    throw new Error('ended on purpose');
  },
  block() {
    const untilMs = performance.now() + 2_000;
    while (performance.now() < untilMs);
  },
};

class Who {
  protocol = '${name}';
  active = 0;

  handle({ transport }) {
    this.active += 1;
    transport.read({
      data: (bytes, start, end) => {
        const command = commands[bytes.latin1Slice(start, end)];
        if (command !== undefined) setTimeout(command, 1);
      },
      drained() {},
      end: () => transport.end(),
      closed: () => {
        this.active -= 1;
      },
    });
    transport.writeText('${version} worker ' + worker + '\\n');
    return { drain: () => transport.end() };
  }

  async close() {}
}

export default { apiVersion: 2, name: '${name}', provision };

function provision() {
  return new Who();
}
`;
}
