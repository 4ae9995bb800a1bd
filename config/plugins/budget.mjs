/** Answers 429 to a client address that asked more often than `requests` times within a minute. */
export default {
  apiVersion: 2,
  kind: 'http-filter',
  name: 'budget',
  configSchema: {
    type: 'object',
    properties: { requests: { type: 'integer', minimum: 1, default: 60 } },
    additionalProperties: false,
  },
  provision: ({ requests }, host) => {
    const spent = host.state('spent', () => new Map());
    host.interval(60_000, () => spent.clear());
    return {
      request: ({ clientAddress }) => {
        spent.set(clientAddress, (spent.get(clientAddress) ?? 0) + 1);
        return spent.get(clientAddress) > requests ? { status: 429, body: 'come back later\n' } : undefined;
      },
    };
  },
};
