import { readFileSync } from 'node:fs';

import type { FuzzTarget } from '../../fuzz/campaign.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import type { RunningProxy } from '../../support/labs/start-proxy.ts';

/** A proxy in this process, as a fuzz run sees it. */
export class InProcessTarget implements FuzzTarget {
  readonly alive = true;
  readonly #proxy: RunningProxy;

  constructor(proxy: RunningProxy) {
    this.#proxy = proxy;
  }

  get faults(): string[] {
    return readFileSync(this.#proxy.logFile, 'utf8')
      .split('\n')
      .filter((line) => /"level":"(?:error|fatal)"/i.test(line));
  }

  port(listener: string): number {
    return Number(this.#proxy.address(listener).split(':').at(-1));
  }

  metrics(): Promise<ScrapedMetrics> {
    return ScrapedMetrics.from(this.#proxy.adminAddress);
  }

  /** Those of clients and backends are among them. */
  fds(): number {
    return 0;
  }
}
