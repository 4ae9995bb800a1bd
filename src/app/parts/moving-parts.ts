import { InProcessProxy } from '../../runtime/worker/in-process-proxy.ts';
import { createProxyParts, type ProxyEnvironment } from '../../runtime/worker/proxy-parts.ts';
import { CountersControl } from '../../telemetry/control/counters-control.ts';
import type { ThreadParts } from './thread-parts.ts';

/** What the moving parts are made with. */
export interface MovingEnvironment extends Omit<ProxyEnvironment, 'logger' | 'telemetry'> {
  readonly thread: ThreadParts;
}

/** What a thread that serves clients needs, apart from what supervises it. */
export interface MovingParts {
  /** Listeners, pools and exchanges. */
  readonly proxy: InProcessProxy;
  /** Counts what they do. */
  readonly counters: CountersControl;
}

/** Makes the parts that move bytes. Nothing is bound before a generation is prepared. */
export function createMovingParts({ thread, ...environment }: MovingEnvironment): MovingParts {
  const { logging, telemetry } = thread;
  const proxy = new InProcessProxy(createProxyParts({ ...environment, logger: logging.logger, telemetry }));
  return { proxy, counters: new CountersControl(telemetry, () => proxy.known()) };
}
