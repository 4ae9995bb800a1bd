import fc from 'fast-check';

/** A request, as a question asks for it. */
export interface AskedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
}

const HOSTS = ['a.test', 'b.test', 'x.b.test', 'c.test'];
const PATHS = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/ab',
  '/a/b/c',
  '/b',
  '/%61/b',
  '//a',
  '/b/../a',
  '/a%2fb',
  '/a;v=1/b',
  '/%C3%A4',
  '/a:b',
  '/a%3Ab',
];
const VALUES = ['1', '2', '${route}', '${client_ip} of ${host}', '${backend}', 'x-${path}-${method}', ''];

const headerName = fc.constantFrom(
  'X-A',
  'x-b',
  'Cookie',
  'Accept',
  'X-Forwarded-For',
  'X-Request-ID',
  'Via',
);

const headerEdit = (names: fc.Arbitrary<string>) =>
  fc.oneof(
    fc.record({ action: fc.constantFrom('add', 'set'), name: names, value: fc.constantFrom(...VALUES) }),
    fc.record({ action: fc.constant('remove'), name: names }),
    fc.record({
      action: fc.constant('set'),
      name: fc.constant('Host'),
      value: fc.constantFrom('h.test', '${host}'),
    }),
  );

const transform = fc.record(
  {
    request_headers: fc.array(headerEdit(headerName), { maxLength: 3 }),
    response_headers: fc.array(
      fc.oneof(
        fc.record({
          action: fc.constant('set'),
          name: fc.constant('X-B'),
          value: fc.constantFrom(...VALUES),
        }),
        fc.record({ action: fc.constant('remove'), name: fc.constantFrom('Date', 'X-Backend-Only') }),
      ),
      { maxLength: 2 },
    ),
    strip_prefix: fc.constantFrom('/a', '/a/', '/'),
    add_prefix: fc.constantFrom('/new', '/new/'),
    rewrite: fc.constantFrom(
      { pattern: '^/a(.*)$', replacement: '/re$1' },
      { pattern: 'b', replacement: '' },
      { pattern: '^/', replacement: '' },
    ),
  },
  { requiredKeys: [] },
);

/** A route of the upstreams u0 and u1. */
export const randomRoute = fc
  .record(
    {
      host: fc.constantFrom('a.test', 'A.Test', '*.test', '*.b.test'),
      at: fc.tuple(fc.constantFrom('path', 'path_prefix'), fc.constantFrom(...PATHS)),
      headers: fc.dictionary(
        fc.constantFrom('X-A', 'x-b', 'Cookie', 'x_c'),
        fc.constantFrom('1', '2', 's=1'),
        {
          maxKeys: 2,
        },
      ),
      priority: fc.constantFrom(-1, 0, 1),
      transform,
      upstream: fc.constantFrom('u0', 'u1'),
    },
    { requiredKeys: ['upstream'] },
  )
  .map(({ at, ...rest }) => ({ ...rest, ...(at === undefined ? {} : { [at[0]]: at[1] }) }));

const upstream = fc.record({
  algorithm: fc.constantFrom(
    'round-robin',
    'weighted-round-robin',
    'least-connections',
    'weighted-least-connections',
    'random',
    'power-of-two',
    'consistent-hash',
    'bounded-consistent-hash',
    'maglev',
  ),
  hashKey: fc.constantFrom('source-ip', 'path', 'header:X-A', 'cookie:s', 'query:q'),
  weights: fc.array(fc.constantFrom(0, 1, 3), { minLength: 3, maxLength: 3 }),
});

const options = fc.record(
  {
    transform,
    normalize_path: fc.boolean(),
    ambiguous_paths: fc.constantFrom('refuse', 'literal'),
    underscore_headers: fc.constantFrom('drop', 'refuse', 'keep'),
    forwarded: fc.boolean(),
    via: fc.constantFrom('', 'edge'),
    trusted_proxies: fc.constantFrom([], ['127.0.0.0/8']),
    health_endpoint: fc.constantFrom('/a', '/health'),
    error_pages: fc.constantFrom([], [{ statuses: [404, 400], body: '<p>${status}</p>' }]),
    limits: fc.constantFrom({}, { header_count: 5 }, { target_length: 64 }),
  },
  { requiredKeys: [] },
);

/** The changing parts of a config. */
export interface RandomConfig {
  readonly routes: readonly object[];
  readonly options: object;
  readonly upstreams: readonly {
    readonly algorithm: string;
    readonly hashKey: string;
    readonly weights: readonly number[];
  }[];
  readonly hasDefault: boolean;
}

export const randomConfig: fc.Arbitrary<RandomConfig> = fc.record({
  routes: fc.array(randomRoute, { maxLength: 6 }),
  options,
  upstreams: fc.array(upstream, { minLength: 2, maxLength: 2 }),
  hasDefault: fc.boolean(),
});

const query = fc.constantFrom('', '', `?${'long='.repeat(15)}`, '?q=1', '?x=2&q=%20', '?');
const oddPath = fc.constantFrom(
  '//a',
  '/a/../b',
  '/%61',
  '/a%2fb',
  '/a/./b',
  '/é',
  '/a;b',
  '/a b'.replace(' ', '%20'),
);
const header = fc.oneof(
  fc.tuple(
    fc.constantFrom('X-A', 'x-a', 'x-b', 'X_A', 'X_C', 'Cookie'),
    fc.constantFrom('1', '2', 's=1', 'z=0; s=7', ''),
  ),
  fc.constantFrom<[string, string][]>(
    ['X-Forwarded-For', '192.0.2.7, 127.0.0.1'],
    ['X-Request-ID', 'from-client'],
    ['X-Forwarded-Proto', 'https'],
    ['Forwarded', 'for=192.0.2.7'],
    ['Via', '1.1 edge'],
    ['Accept', 'application/json'],
    ['Connection', 'X-A'],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Max-Forwards', '0'],
    ['Max-Forwards', '3'],
    ['Host', 'a.test'],
    ['Host', 'b ad'],
    ['Content-Length', '0'],
    ['Content-Length', '-1'],
    ['TE', 'trailers'],
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['X-Ünicode', 'nö'].map((text) => text.replace('Ü', 'U')) as [string, string],
  ),
);

export const randomRequest: fc.Arbitrary<AskedRequest> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE', 'CONNECT', 'NONSENSE'),
  url: fc
    .tuple(
      fc.constantFrom(...HOSTS),
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...PATHS) }, oddPath),
      query,
    )
    .map(([host, path, rest]) => `http://${host}:1${path}${rest}`),
  headers: fc.array(header, { maxLength: 4 }),
});
