import { Agent } from 'node:http';

import { rest } from '../../soak/traffic.ts';
import type { Act } from './visit.ts';
import { ask, checkWebAnswer } from './web-request.ts';

const BEAT_MS = 5;

/** A request each few milliseconds on one connection: it sees each config soon, and each stall. */
export class Heartbeat {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly latenciesMs: number[] = [];

  readonly act: Act = async ({ places, journal, random }) => {
    const request = {
      path: '/plain/0',
      host: 'soak.test',
      pick: undefined,
      bytes: 0,
      waitMs: 0,
      upload: undefined,
    };
    const begunAtMs = performance.now();
    const answer = await ask(places.web, request, this.#agent, random.between(0, 1e9).toString(36));
    const tookMs = performance.now() - begunAtMs;
    this.latenciesMs.push(tookMs);
    checkWebAnswer(request, answer, journal, begunAtMs);
    await rest(BEAT_MS - tookMs);
    return 1;
  };

  close(): void {
    this.#agent.destroy();
  }
}
