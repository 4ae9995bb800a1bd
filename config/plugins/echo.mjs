// An example of a protocol plugin: it sends back the bytes that it receives. src/plugin-api explains each part.

/** The protocol of one listener with the options of one config. */
class EchoInstance {
  protocol = 'echo';
  /** Number of open connections. */
  active = 0;
  #options;
  #host;
  #whenIdle = [];

  constructor(options, host) {
    this.#options = options;
    this.#host = host;
  }

  /** Handles a new connection. It must begin to read before it returns. */
  handle(connection) {
    const { transport: stream } = connection;
    const { greeting, upper_case: upperCase } = this.#options;
    this.active += 1;
    stream.read({
      data(bytes, start, end) {
        // The bytes are borrowed: after this method they may be overwritten, unless writeBorrowed passes them on.
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

  /** Called when an edit removed or changed the listener. Open connections go on; the promise resolves when the last one has ended. */
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
  apiVersion: 2,
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
