import type { ProtocolHost, ProtocolPlugin } from '../../src/plugin-api/index.ts';
import type { TcpOptions } from './config/schema/options.generated.ts';
import optionsRules from './config/options-rules.ts';
import { TcpInstance } from './tcp-instance.ts';

/** TCP: each connection becomes a tunnel to one backend. */
const plugin: ProtocolPlugin = {
  apiVersion: 2,
  name: 'tcp',
  optionsRules,
  provision(config: unknown, host: ProtocolHost) {
    // The core has checked built-in options against the config's schema.
    return new TcpInstance(config as TcpOptions, host);
  },
};

export default plugin;
