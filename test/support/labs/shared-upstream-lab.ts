import type {
  BackendConfig,
  Upstream as UpstreamConfig,
} from '../../../src/config/schema/config.generated.ts';
import { loadConfigText } from './load-config.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import { SharedUpstream } from '../../../src/runtime/upstreams/shared-upstream.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { TimeSlicer } from '../../../src/time/time-slicer.ts';
import { fixedNames } from '../addresses/fixed-names.ts';
import { owned } from '../owned.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { CountingRegistry } from './counting-registry.ts';
import { MovingBackends } from './moving-backends.ts';
import { registryParts } from './registry-parts.ts';

/** An upstream of one generation, and the source that a test moves its backends by. */
export interface SharedUpstreamLab {
  readonly upstream: SharedUpstream;
  readonly source: MovingBackends;
  readonly registry: CountingRegistry;
  readonly logger: RecordingLogger;
}

/** A backend of a source; named by its number. */
export function backendConfig(
  number: number,
  address: string,
  more: Partial<BackendConfig> = {},
): BackendConfig {
  return {
    name: `b${number}`,
    address,
    weight: 1,
    priority: 0,
    backup: false,
    max_connections: 0,
    max_requests: 0,
    ...more,
  };
}

/** An upstream over these backends; `settings` is what its config says beside them, in YAML's flow style. */
export async function sharedUpstreamLab(
  backends: readonly BackendConfig[],
  settings = '',
): Promise<SharedUpstreamLab> {
  const config = upstreamConfig(settings);
  const source = new MovingBackends(backends);
  const logger = new RecordingLogger();
  const names = fixedNames();
  const registry = new CountingRegistry(registryParts(logger, names));
  const parts = {
    registry,
    names,
    buffers: new ReadBuffers(),
    logger,
    telemetry: new Telemetry(),
    chance: () => 0,
    sourceOf: () => source,
  };
  const slicer = new TimeSlicer();
  const upstream = await SharedUpstream.build(config, parts, slicer);
  upstream.hold();
  upstream.forUse('keep-alive', 'lab');
  await upstream.fill(slicer);
  owned({
    close: () => {
      upstream.destroy();
    },
  });
  return { upstream, source, registry, logger };
}

function upstreamConfig(settings: string): UpstreamConfig {
  const text = `

listeners: [{ name: l, listen: '127.0.0.1:0', mode: tcp, upstream: u }]
upstreams: [{ name: u, backends: [{ address: '127.0.0.1:1' }], ${settings} }]
`;
  const config = loadConfigText(text, 'lab.yaml', { modes: ['tcp', 'http'] }).config.upstreams[0];
  if (config === undefined) throw new Error('the config has no upstream');
  return config;
}
