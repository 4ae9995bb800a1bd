/** A protocol as a stranger writes it: plain JavaScript that knows nothing but the plugin API. Needs no backend unless it is told to forward. */
export const ECHO_PLUGIN = `
class Echo {
  protocol = 'echo';
  active = 0;
  #options;
  #host;
  #idle = [];

  constructor(options, host) {
    this.#options = options;
    this.#host = host;
  }

  handle(connection) {
    this.active += 1;
    const { stream } = connection;
    const { greeting, shout, forward } = this.#options;
    if (forward) {
      this.#forward(stream);
      return { drain() {} };
    }
    stream.read({
      data(bytes, start, end) {
        const fits = shout
          ? stream.writeText(bytes.toString('latin1', start, end).toUpperCase())
          : stream.writeBorrowed(bytes, start, end);
        if (!fits) stream.pause();
      },
      end() {
        stream.end();
      },
      drained() {
        stream.resume();
      },
      closed: () => this.#ended(),
    });
    if (greeting !== '') stream.writeText(greeting + '\\n');
    return {
      drain() {
        stream.end();
      },
    };
  }

  async close() {
    if (this.active > 0) await new Promise((resolve) => this.#idle.push(resolve));
    this.#host.logger.info('echo closed');
  }

  #forward(stream) {
    const upstream = this.#host.upstream(this.#host.defaultUpstream, 'once');
    upstream.acquire({
      key: undefined,
      fresh: false,
      leased: (lease) => {
        this.#host.tunnel({
          downstream: stream,
          upstream: lease.stream,
          idleTimeoutMs: 0,
          ended: () => {
            lease.discard();
            this.#ended();
          },
        });
      },
      refused: () => {
        stream.reset();
        this.#ended();
      },
    });
  }

  #ended() {
    this.active -= 1;
    if (this.active === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

export default {
  apiVersion: 1,
  name: 'echo',
  configSchema: {
    type: 'object',
    properties: {
      greeting: { type: 'string', default: '' },
      shout: { type: 'boolean', default: false },
      forward: { type: 'boolean', default: false },
    },
    additionalProperties: false,
  },
  provision(options, host) {
    if (options.forward) host.upstream(host.defaultUpstream, 'once');
    return new Echo(options, host);
  },
};
`;
