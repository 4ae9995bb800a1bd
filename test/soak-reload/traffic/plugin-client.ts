import { connect } from 'node:net';

import { firstOf } from '../../soak/first-of.ts';
import { rest } from '../../soak/traffic.ts';
import type { Journal } from '../edits/journal.ts';
import { connectionFault, TrafficFault, type Act, type TrafficKind } from './visit.ts';

const ANSWER_LIMIT_MS = 20_000;

/** Connections to a plugin whose file changes: each must be served to its end by the version that greeted it. */
export function pluginClients(versions: Journal<true>): TrafficKind {
  return { name: 'connections of a plugin', clients: 4, restMs: 200, act: act(versions) };
}

function act(versions: Journal<true>): Act {
  return async ({ random, places, stopping }) => {
    const begunAtMs = performance.now();
    const socket = connect({ port: places.plugin ?? 0, host: '127.0.0.1', noDelay: true });
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (received += text));
    socket.on('error', () => undefined);
    await firstOf(socket, 'connect', 'close');
    if (socket.errored !== null) throw connectionFault(socket.errored, 'failed request', 'plugin');
    const next = async (): Promise<string> => {
      const untilMs = performance.now() + ANSWER_LIMIT_MS;
      while (!received.includes('\n')) {
        if (socket.destroyed || socket.readableEnded || performance.now() > untilMs)
          throw new TrafficFault(
            'broken tunnel',
            `plugin: no answer, ${socket.destroyed ? 'closed' : 'open'}`,
          );
        await Promise.race([firstOf(socket, 'data', 'close', 'end'), rest(500)]);
      }
      const end = received.indexOf('\n');
      const line = received.slice(0, end);
      received = received.slice(end + 1);
      return line;
    };
    try {
      const version = await next();
      judged(versions, Number(version), begunAtMs);
      const endAtMs = performance.now() + random.between(100, 6_000);
      let count = 1;
      for (; performance.now() < endAtMs && !stopping.aborted; count += 1) {
        socket.write('?');
        const again = await next();
        if (again !== version)
          throw new TrafficFault('wrong answer', `plugin: version ${again} goes on for version ${version}`);
        await rest(random.between(10, 150));
      }
      return count;
    } finally {
      socket.destroy();
    }
  };
}

function judged(versions: Journal<true>, version: number, begunAtMs: number): void {
  try {
    versions.judge(version, begunAtMs);
  } catch (error) {
    throw new TrafficFault(
      'wrong answer',
      `plugin: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
