import { startProxy } from '../../support/labs/start-proxy.ts';
import { closeLanes, openLanes, type ProxyKind, type ProxyUnderTest } from './proxy.ts';

/** Long enough for what was written just before the client's end to arrive. */
const SETTLE_MS = 3;

/** Ourselves, in this process. */
export const balance: ProxyKind = {
  name: 'balance',
  version: () => `this tree on Node ${process.versions.node}`,
  async start(count): Promise<ProxyUnderTest> {
    const lanes = await openLanes(count, SETTLE_MS);
    const listeners = lanes.map(
      (_, at) =>
        `  - { name: lane-${String(at)}, listen: "127.0.0.1:0", mode: http, upstream: lane-${String(at)} }`,
    );
    const upstreams = lanes.map(
      ({ backend }, at) =>
        `  - { name: lane-${String(at)}, backends: [{ name: backend-${String(at)}, address: "127.0.0.1:${String(backend.port)}" }] }`,
    );
    const proxy = await startProxy(
      [
        'reload: { watch: false }',
        'logging: { level: error, access_log: false }',
        'listeners:',
        ...listeners,
        'upstreams:',
        ...upstreams,
      ].join('\n'),
    );
    for (const [at, lane] of lanes.entries()) {
      lane.proxyPort = Number(proxy.address(`lane-${String(at)}`).split(':')[1]);
    }
    return {
      name: 'balance',
      lanes,
      async close() {
        await proxy.close();
        await closeLanes(lanes);
      },
    };
  },
};
