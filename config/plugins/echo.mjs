// A protocol of your own: sends back what it gets. What each part means is told in src/plugin-api.

/** One listener of one config. */
class EchoInstance {
  protocol = 'echo';
  /** Connections that run. */
  active = 0;
  #options;
  #host;
  #whenIdle = [];

  constructor(options, host) {
    this.#options = options;
    this.#host = host;
  }

  /** Takes over a connection: reads it before it returns. */
  handle(connection) {
    const { stream } = connection;
    const { greeting, upper_case: upperCase } = this.#options;
    this.active += 1;
    stream.read({
      data(bytes, start, end) {
        // The bytes are borrowed: they are gone when this returns, unless the stream gets them.
        const goesOn = upperCase
          ? stream.write(Buffer.from(bytes.toString('utf8', start, end).toUpperCase()))
          : stream.writeBorrowed(bytes, start, end);
        if (!goesOn) stream.pause();
      },
      drained() {
        stream.resume();
      },
      end() {
        stream.end();
      },
      closed: (error) => {
        if (error !== undefined) this.#host.logger.debug('client left', { error: error.message });
        this.#ended();
      },
    });
    if (greeting !== '') stream.write(Buffer.from(`${greeting}\n`));
    return {
      drain() {
        stream.end();
      },
    };
  }

  /** An edit took the listener away or changed it: what runs goes on, and this resolves when it is over. */
  async close() {
    if (this.active > 0) await new Promise((resolve) => this.#whenIdle.push(resolve));
    this.#host.logger.info('echo closed');
  }

  #ended() {
    this.active -= 1;
    if (this.active === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

export default {
  apiVersion: 1,
  name: 'echo',
  configSchema: {
    type: 'object',
    properties: {
      greeting: { type: 'string', default: '' },
      upper_case: { type: 'boolean', default: false },
    },
    additionalProperties: false,
  },
  provision(options, host) {
    return new EchoInstance(options, host);
  },
};
