import type { ProtocolPlugin } from '../../src/plugin-api/index.ts';
import { explain } from './explain/explain.ts';
import { HttpConnection } from './h1/server-connection.ts';
import { HttpInstance, type HttpParts } from './instance/http-instance.ts';
import { ParserSupply } from './h1/parse/llhttp.ts';
import { HeadRecorder } from './h1/parse/head-recorder.ts';
import type { HttpOptions } from './config/options.generated.ts';
import { BufferedBodies } from './exchange/body-buffering.ts';
import { RequestIds } from './forwarding/request-ids.ts';

/** HTTP/1.1 and 1.0: parses heads, routes each request, and streams bodies. */
class HttpPlugin implements ProtocolPlugin {
  readonly apiVersion = 2;
  readonly name = 'http';
  #parts: HttpParts | undefined;

  provision(config: unknown, host: ConstructorParameters<typeof HttpInstance>[1]): HttpInstance {
    if (this.#parts === undefined) {
      const supply = new ParserSupply();
      this.#parts = {
        supply,
        requestIds: new RequestIds(),
        bufferedBodies: new BufferedBodies(),
        recorder: new HeadRecorder(supply.first.arena.length),
        connect: (connection, instance) => new HttpConnection(connection, instance),
        explain,
      };
    }
    // The core has checked built-in options against the config's schema.
    return new HttpInstance(config as HttpOptions, host, this.#parts);
  }
}

export default new HttpPlugin();
