import type { ProtocolPlugin } from '../../src/plugin-api/index.ts';
import { makeHttpParts } from './http-parts.ts';
import { HttpInstance, type HttpParts } from './instance/http-instance.ts';
import type { HttpOptions } from './config/options.generated.ts';
import optionsRules from './config/options-rules.ts';

/** HTTP/1.1 and 1.0: parses heads, routes each request, and streams bodies. */
class HttpPlugin implements ProtocolPlugin {
  readonly apiVersion = 2;
  readonly name = 'http';
  readonly optionsRules = optionsRules;
  #parts: HttpParts | undefined;

  provision(config: unknown, host: ConstructorParameters<typeof HttpInstance>[1]): HttpInstance {
    this.#parts ??= makeHttpParts();
    // The core has checked built-in options against the config's schema.
    return new HttpInstance(config as HttpOptions, host, this.#parts);
  }
}

export default new HttpPlugin();
