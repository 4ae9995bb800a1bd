import { describe, expect, it } from 'vitest';
import { ALGORITHMS } from '../../../../src/config/values/algorithm.ts';
import { ConfigError } from '../../../../src/config/load/config-error.ts';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { BalanceError } from '../../../../src/errors.ts';
import { problemsOf, warningsOf, yaml } from '../problems-of.ts';

const one = 'backends: [{ name: a, address: "a:1" }]\n';
const upstreams = 'upstreams: [{ name: up, backends: [{ address: "a:1" }] }]\n';

describe('a ConfigError', () => {
  it('has a line for each problem, in the order of the file', () => {
    const text = yaml`
      mode: http
      backends:
        - name: a
          address: "a:1"
          weight: -1
        - name: b
          adress: "b:1"
      cache: { cert: x }
      connection_pool: { max_size: "5" }
    `;
    const act = () => loadConfigText(text, 'config/x.yaml', { modes: ['http'] });
    expect(act).toThrow(ConfigError);
    expect(act).toThrow(BalanceError);
    try {
      act();
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'config_invalid', origin: 'config', name: 'ConfigError' });
      expect((thrown as ConfigError).message.split('\n')).toEqual([
        'config/x.yaml:5:13 backends[0].weight must be >= 0',
        'config/x.yaml:6:5 backends[1] must have the key address',
        'config/x.yaml:7:5 backends[1].adress is not a known key; did you mean "address"?',
        'config/x.yaml:8:1 cache is not supported yet',
        'config/x.yaml:9:30 connection_pool.max_size must be a whole number, without quotes',
      ]);
    }
  });

  it('tells of wrong values and of wrong references at once', () => {
    const text = yaml`
      listeners:
        - { listen: ":1", upstream: web, max_connections: -5 }
        - { listen: ":1", upstream: wbe }
      upstreams:
        - name: web
          backends: []
          cache: { attempts: 3 }
    `;
    expect(problemsOf(text)).toEqual([
      'x.yaml:2:53 listeners[0].max_connections must be >= 0',
      'x.yaml:3:5 listeners[1].name is ":1", as another listener is named already',
      'x.yaml:3:15 listeners[1].listen is taken already, by listener :1',
      'x.yaml:3:31 listeners[1].upstream names the upstream "wbe", which does not exist; did you mean "web"?',
      'x.yaml:7:5 upstreams[0].cache is not supported yet',
    ]);
  });
});

describe('a value that is not allowed', () => {
  it.each([
    ['mode: htpp', 'x.yaml:1:7 mode is "htpp", but must be one of http, tcp, echo; did you mean "http"?'],
    [
      'listen: 8080',
      "x.yaml:1:9 listen must be an address: :8080, host:8080, 192.0.2.1:8080, [::1]:8080 or unix:/path; write a port alone with a colon and in quotes, as in ':8080'",
    ],
    ['listen: ":80800"', 'x.yaml:1:9 listen must end with a port from 0 to 65535'],
    ['backends:', 'x.yaml:1:1 backends must be a list, but is empty'],
    ['backends: {}', 'x.yaml:1:1 backends must be a list'],
    [
      'backends: [{ address: "a:0" }]',
      /x.yaml:1:23 backends\[0\].address must have a host and a port above 0/,
    ],
    [
      'backends: [{ address: "https://a/x" }]',
      'x.yaml:1:23 backends[0].address must be a URL without path, query or fragment',
    ],
    [
      'backends: [{ address: "http://a/x" }]',
      'x.yaml:1:23 backends[0].address must be a URL without path, query or fragment',
    ],
    [
      'backends: [{ address: "http://u:p@a" }]',
      'x.yaml:1:23 backends[0].address must be a URL without user name and password',
    ],
    ['backends: [{ address: "ftp://a" }]', /x.yaml:1:23 backends\[0\].address must be one of host:8080/],
    ['backends: [{ address: "a:1", weight: 1.5 }]', 'x.yaml:1:38 backends[0].weight must be a whole number'],
    ['backends: [{ address: "a:1", weight: 70000 }]', 'x.yaml:1:38 backends[0].weight must be <= 65535'],
    [
      'backends: [{ address: "a:1", name: " x" }]',
      'x.yaml:1:36 backends[0].name must be a name of 1 to 100 visible characters',
    ],
    [
      'load_balancer: { algorithm: roundrobin }',
      /x.yaml:1:29 load_balancer.algorithm must be one of round-robin, .*; did you mean "round-robin"\?/,
    ],
    [
      'load_balancer: { hash_key: "header:" }',
      'x.yaml:1:28 load_balancer.hash_key must be source-ip, path, header:NAME, cookie:NAME or query:NAME',
    ],
    ['load_balancer: { load_factor: 0.5 }', 'x.yaml:1:31 load_balancer.load_factor must be >= 1'],
    [
      'timeouts: { read: 5 }',
      /x.yaml:1:19 timeouts.read must be a duration with its unit, such as 150ms, 5s, 1m30s, 12h or 1d/,
    ],
    ['timeouts: { read: 0s }', 'x.yaml:1:19 timeouts.read must be longer than 0'],
    [
      'timeouts: { read: 5 sec }',
      'x.yaml:1:19 timeouts.read must be a duration such as 150ms, 5s, 1m30s, 12h or 1d; write no space between number and unit: 30s instead of 30 s',
    ],
    [
      'connection_pool: { max_age: 5 }',
      'x.yaml:1:29 connection_pool.max_age must be a duration with its unit, such as 150ms, 5s, 1m30s, 12h or 1d',
    ],
    [
      'http: { limits: { header_size: 64K } }',
      'x.yaml:1:32 http.limits.header_size must be a size such as 512B, 64KiB or 10MB',
    ],
    [
      'http: { limits: { header_size: 2MiB } }',
      'x.yaml:1:32 http.limits.header_size must be from 1KiB to 1MiB',
    ],
    [
      'health_check: { expected_status: 2xx }',
      'x.yaml:1:34 health_check.expected_status must be statuses from 100 to 599, as in 200, 200-399 or 200,204; a class is written as a range: 200-299',
    ],
    [
      'health_check: { type: grpc }',
      'x.yaml:1:23 health_check.type grpc is not possible yet, as it needs HTTP/2: use tcp, or http with a path',
    ],
    [
      'health_check: { type: htp }',
      'x.yaml:1:23 health_check.type is "htp", but must be one of tcp, http, https, echo; did you mean "http"?',
    ],
    [
      "health_check: { send: 'a\\q' }",
      'x.yaml:1:23 health_check.send must be a text in which a backslash begins \\r, \\n, \\t, \\0, \\\\ or \\xHH with two hex digits',
    ],
    [
      'health_check: { method: HEAD, expected_body: ok }',
      'x.yaml:1:46 health_check.expected_body is never found, as the answer to HEAD has no body: use GET',
    ],
    [
      'health_check: { headers: { Host: a } }',
      'x.yaml:1:34 health_check.headers.Host is set by health_check.hostname',
    ],
    [
      'health_check: { headers: { Expect: a } }',
      'x.yaml:1:36 health_check.headers.Expect is a header that only the proxy itself writes',
    ],
    ['health_check: { agent_check: {} }', 'x.yaml:1:17 health_check.agent_check must have the key port'],
    [
      'health_endpoint: health',
      'x.yaml:1:18 health_endpoint must be empty or a path that starts with / and has no query, fragment, space or control character',
    ],
    [
      'logging: { level: inf }',
      'x.yaml:1:19 logging.level must be one of debug, info, warn, error, fatal; did you mean "info"?',
    ],
    [
      'logging: { access_log: "yes" }',
      'x.yaml:1:24 logging.access_log must be true or false or a mapping of keys to values; in YAML 1.2 that is a text: write true',
    ],
    ['logging:', 'x.yaml:1:1 logging must be a mapping of keys to values, but is empty'],
    [
      'tracing: { endpoint: jaeger }',
      'x.yaml:1:22 tracing.endpoint must be a URL that starts with http:// or https://',
    ],
    ['tracing: { sample_rate: 2 }', 'x.yaml:1:25 tracing.sample_rate must be <= 1'],
    [
      'http: { routes: [{ host: "a.com:80" }] }',
      'x.yaml:1:26 http.routes[0].host must be a host name without port, or *. and a domain',
    ],
    [
      'http: { routes: [{ headers: { "a b": x } }] }',
      'x.yaml:1:31 http.routes[0].headers["a b"] must be a header name: letters, digits, - and _',
    ],
    [
      'http: { routes: [{ headers: { a: 1 } }] }',
      'x.yaml:1:34 http.routes[0].headers.a must be a header value without line breaks and control characters; YAML reads it as a number: put it in quotes',
    ],
    [
      'http: { routes: [{ path: /a, path_prefix: /b }] }',
      "x.yaml:1:43 http.routes[0].path_prefix can't be used together with path",
    ],
    [
      'http: { routes: [{ redirect: { to: "https://${path}" } }] }',
      'x.yaml:1:36 http.routes[0].redirect.to must begin with http://, https://, ${scheme}:// or a path',
    ],
    [
      'http: { routes: [{ redirect: { to: "//${uri}" } }] }',
      'x.yaml:1:36 http.routes[0].redirect.to must begin with http://, https://, ${scheme}:// or a path',
    ],
    [
      'http: { routes: [{ backends: [a, a] }] }',
      'x.yaml:1:20 http.routes[0].backends must not have the same item twice',
    ],
    [
      'health_endpoint: /a\nhttp: { health_endpoint: /b }',
      'x.yaml:1:18 health_endpoint is given twice: http.health_endpoint says it too',
    ],
  ])('%s', (text, problem) => {
    expect(problemsOf(text)).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  });
});

describe('a key that is not known', () => {
  it('is refused with what it likely means', () => {
    expect(problemsOf('lissten: ":1"')).toEqual([
      'x.yaml:1:1 lissten is not a known key; did you mean "listen"?',
    ]);
  });

  it('is refused with what is known, when it looks like nothing', () => {
    expect(problemsOf('admin: { colour: red }')).toEqual([
      'x.yaml:1:10 admin.colour is not a known key; known here: listen, socket_mode, token, token_file, tls, public',
    ]);
  });

  it.each(['rate_limit', 'auth', 'security', 'access_control', 'cluster', 'cache', 'compression'])(
    '%s is refused as not supported yet, at any place',
    (key) => {
      expect(problemsOf(`${key}: { enabled: true }`)).toEqual([`x.yaml:1:1 ${key} is not supported yet`]);
      expect(problemsOf(`backends: [{ address: "a:1", ${key}: 1 }]`)).toEqual([
        `x.yaml:1:30 backends[0].${key} is not supported yet`,
      ]);
    },
  );
});

describe('forms that are mixed', () => {
  it('are refused by the name of the key', () => {
    expect(problemsOf(`mode: http\nlisteners: [{ listen: ":1", upstream: up }]\n${upstreams}${one}`)).toEqual(
      [
        "x.yaml:1:1 mode can't be used together with listeners",
        "x.yaml:4:1 backends can't be used together with listeners",
      ],
    );
    expect(problemsOf(`routes: [{ path: /, backends: ["a:1"] }]\n${one}`)).toEqual([
      "x.yaml:2:1 backends can't be used together with routes",
    ]);
    expect(problemsOf('routes: [{ path: /, backends: ["a:1"] }]\nmode: tcp')).toEqual([
      'x.yaml:2:7 mode must be http here',
    ]);
    expect(problemsOf('health_check: {}\nhealth_check_interval: 5s')).toEqual([
      "x.yaml:1:1 health_check can't be used together with health_check_interval",
    ]);
    expect(problemsOf(upstreams)).toEqual(['x.yaml:1:1 upstreams needs listeners beside it']);
  });

  it('are refused when a mode does not know a section', () => {
    expect(problemsOf(`mode: tcp\n${one}transform: {}\nhealth_endpoint: /h\nhttp: {}\noptions: {}`)).toEqual([
      'x.yaml:3:1 transform belongs to mode http and has no effect in mode tcp',
      'x.yaml:4:18 health_endpoint belongs to mode http and has no effect in mode tcp',
      'x.yaml:5:1 http belongs to mode http and has no effect in mode tcp',
      'x.yaml:6:1 options belongs to the mode of a plugin and has no effect in mode tcp',
    ]);
    expect(problemsOf(`listeners: [{ listen: ":1", mode: echo, tcp: {} }]\n`)).toEqual([
      'x.yaml:1:41 listeners[0].tcp belongs to mode tcp and has no effect in the mode of a plugin',
    ]);
  });

  it('needs exactly one word for the address of a listener', () => {
    expect(problemsOf(`listeners: [{ upstream: up }]\n${upstreams}`)).toEqual([
      'x.yaml:1:13 listeners[0] must have the key listen',
    ]);
    expect(problemsOf(`listeners: [{ listen: ":1", address: ":2", upstream: up }]\n${upstreams}`)).toEqual([
      'x.yaml:1:38 listeners[0].address is given twice: listen says it too',
    ]);
  });
});

describe('names', () => {
  it('are refused when two things have them', () => {
    const text = yaml`
      listeners:
        - name: web
          listen: ":1"
          http:
            routes:
              - { name: r, upstream: up }
              - { name: r, upstream: up }
        - name: web
          listen: ":2"
          upstream: up
      upstreams:
        - name: up
          backends:
            - { name: a, address: "a:1" }
            - { name: a, address: "b:1" }
        - name: up
          backends: [{ address: "c:1" }]
    `;
    expect(problemsOf(text)).toEqual([
      'x.yaml:7:19 listeners[0].http.routes[1].name is "r", as another route is named already',
      'x.yaml:8:11 listeners[1].name is "web", as another listener is named already',
      'x.yaml:15:17 upstreams[0].backends[1].name is "a", as another backend is named already',
      'x.yaml:16:11 upstreams[1].name is "up", as another upstream is named already',
    ]);
  });

  it('are refused when two upstreams mean different addresses by one of them', () => {
    const text = yaml`
      listeners: [{ listen: ":1", upstream: one }, { listen: ":2", upstream: two }]
      upstreams:
        - { name: one, backends: [{ name: a, address: "a:1" }] }
        - { name: two, backends: [{ name: a, address: "b:1" }] }
    `;
    expect(problemsOf(text)).toEqual([
      'x.yaml:4:37 upstreams[1].backends[0].name is "a", which another upstream uses for a backend with another address',
    ]);
    expect(problemsOf(text.replace('b:1', 'A:1'))).toEqual([]);
  });

  it('are refused once in a flat file, where routes use the same backends', () => {
    const text = yaml`
      backends: [{ name: a, address: "a:1" }, { name: a, address: "b:1" }]
      http: { routes: [{ backends: [a] }] }
    `;
    expect(problemsOf(text)).toEqual([
      'x.yaml:1:49 backends[1].name is "a", as another backend is named already',
    ]);
  });

  it('are refused when two gateway routes have one path', () => {
    expect(
      problemsOf('routes:\n  - { path: /a, backends: ["a:1"] }\n  - { path: /a, backends: ["b:1"] }\n'),
    ).toEqual(['x.yaml:3:13 routes[1].path is "/a", as another route is named already']);
  });
});

describe('references', () => {
  it('to upstreams that do not exist are refused', () => {
    const text = `listeners: [{ listen: ":1", http: { routes: [{ upstream: pu }] } }]\n${upstreams}`;
    expect(problemsOf(text)).toEqual([
      'x.yaml:1:58 listeners[0].http.routes[0].upstream names the upstream "pu", which does not exist; did you mean "up"?',
    ]);
    expect(problemsOf('listeners: [{ listen: ":1", upstream: up }]')).toEqual([
      'x.yaml:1:39 listeners[0].upstream names the upstream "up", which does not exist; there are no upstreams',
    ]);
  });

  it('to backends that do not exist are refused', () => {
    expect(
      problemsOf('backends: [{ name: first, address: "a:1" }]\nhttp: { routes: [{ backends: [frist] }] }'),
    ).toEqual([
      'x.yaml:2:31 http.routes[0].backends[0] names the backend "frist", which does not exist; did you mean "first"?',
    ]);
  });

  it('must be there for tcp', () => {
    expect(problemsOf('listeners: [{ listen: ":1", mode: tcp }]')).toEqual([
      'x.yaml:1:13 listeners[0] must have the key upstream in mode tcp',
    ]);
  });
});

describe('addresses', () => {
  it.each([
    [
      'admin: { listen: ":8080", token: 0123456789abcdef-x }',
      'x.yaml:2:18 admin.listen is taken already, by listener default',
    ],
    [
      'metrics: { listen: "127.0.0.1:8080" }',
      'x.yaml:2:20 metrics.listen is taken already, by listener default; to have it serve them, write metrics.listener: default instead',
    ],
    [
      'admin: { listen: ":9", token: 0123456789abcdef-x, tls: { cert: c, key: k } }\nmetrics: { listen: "127.0.0.1:9" }',
      'x.yaml:3:20 metrics.listen is taken already, by admin',
    ],
  ])('%s is refused', (text, problem) => {
    expect(problemsOf(one + text)).toEqual([problem]);
  });

  it.each([
    'admin: {}\nmetrics: {}',
    'admin: { listen: "[0::1]:9" }\nmetrics: { listen: "[::1]:9" }',
    'metrics: { enabled: false, listen: ":8080" }',
  ])('%s is accepted', (text) => {
    expect(problemsOf(one + text)).toEqual([]);
  });
});

describe('permissions of a unix socket', () => {
  const at = (mode: string): string => `listen: "unix:/run/x.sock"\nsocket_mode: ${mode}\n${one}`;
  const expected = "permissions as three octal digits in quotes, such as '0660'";

  it.each(["'0668'", "'66'", "'u=rw'", "'01777'"])('are refused as %s', (mode) => {
    expect(problemsOf(at(mode))).toEqual([`x.yaml:2:14 socket_mode must be ${expected}`]);
  });

  it('are refused without quotes, where YAML reads a number', () => {
    expect(problemsOf(at('0660'))).toEqual([`x.yaml:2:14 socket_mode must be ${expected}`]);
  });

  it('are warned of where there is no unix socket', () => {
    expect(warningsOf(`listen: ":80"\nsocket_mode: '0660'\n${one}`)).toEqual([
      'x.yaml:2:14 socket_mode has no effect: the address is no unix socket',
    ]);
  });
});

describe('settings of an upstream', () => {
  it('are refused when they contradict each other', () => {
    expect(problemsOf(`${one}connection_pool: { max_size: 5, min_idle: 6 }`)).toEqual([
      'x.yaml:2:43 connection_pool.min_idle must be <= max_size (5)',
    ]);
  });

  it.each(['{ min_idle: 2000 }', '{ max_size: 0, min_idle: 6 }'])(
    'are accepted where the pool has no limit: %s',
    (pool) => {
      expect(problemsOf(`${one}connection_pool: ${pool}`)).toEqual([]);
    },
  );

  it('are refused when tcp has no such key to hash', () => {
    expect(problemsOf(`mode: tcp\n${one}load_balancer: { algorithm: maglev, hash_key: path }`)).toEqual([
      'x.yaml:3:47 load_balancer.hash_key must be source-ip, as a listener in mode tcp uses this upstream',
    ]);
    expect(problemsOf(`mode: tcp\n${one}load_balancer: { algorithm: maglev, hash_key: source-ip }`)).toEqual(
      [],
    );
  });

  it.each([
    ['load_balancer: { hash_key: path }', 'x.yaml:2:28 load_balancer.hash_key has no effect on round-robin'],
    [
      'load_balancer: { algorithm: maglev, load_factor: 2 }',
      'x.yaml:2:50 load_balancer.load_factor has no effect on maglev',
    ],
    [
      'connection_pool: { enabled: false, min_idle: 2 }',
      'x.yaml:2:46 connection_pool.min_idle has no effect while enabled is false',
    ],
    [
      'health_check: { interval: 1s, timeout: 5s }',
      'x.yaml:2:40 health_check.timeout is 5s, longer than interval (1s): while a backend does not answer, it is checked less often',
    ],
    [
      'health_check: { type: tcp, path: /x }',
      'x.yaml:2:34 health_check.path has no effect on checks of type tcp',
    ],
    [
      'http: { routes: [{ redirect: { to: / }, transform: { response_headers: [{ action: set, name: A, value: b }] } }] }',
      'x.yaml:2:41 http.routes[0].transform has no effect: this route answers its requests itself',
    ],
  ])('%s is warned of', (text, warning) => {
    expect(warningsOf(one + text)).toEqual([warning]);
  });

  it('are not warned of transforms that also count for answers of the proxy', () => {
    const change = '{ action: set, name: A, value: b, always: true }';
    const route = `{ path: /a, redirect: { to: / }, transform: { response_headers: [${change}] } }`;
    expect(warningsOf(`${one}http: { routes: [${route}] }`)).toEqual([]);
  });

  it('are warned of when nothing can be forwarded', () => {
    expect(warningsOf('mode: http')).toEqual([
      'x.yaml:1:1 backends has no backend: nothing can be forwarded',
    ]);
    expect(warningsOf('mode: echo')).toEqual([]);
    expect(warningsOf('backends: [{ address: "a:1", weight: 0 }]')).toEqual([
      'x.yaml:1:1 backends has weight 0 everywhere: nothing can be forwarded',
    ]);
  });

  it('are warned of when they are named as the metrics name none of them', () => {
    expect(warningsOf('backends: [{ name: none, address: "a:1" }]')).toEqual([
      'x.yaml:1:20 backends[0].name is what metrics call having no backend: both are counted as one',
    ]);
  });

  it('are refused where fewer idle sockets are kept than are to be ready', () => {
    expect(problemsOf(`${one}connection_pool: { max_idle: 2, min_idle: 3 }`)).toEqual([
      'x.yaml:2:43 connection_pool.min_idle must be <= max_idle (2)',
    ]);
    expect(
      problemsOf(`${one}connection_pool: { min_idle: 3 }\nhttp: { max_idle_conns_per_host: 2 }`),
    ).toEqual(['x.yaml:2:30 connection_pool.min_idle must be <= max_idle (2)']);
    expect(problemsOf(`${one}http: { max_idle_conns_per_host: -1, idle_conn_timeout: 0 }`)).toEqual([
      'x.yaml:2:34 http.max_idle_conns_per_host must be >= 0',
      'x.yaml:2:57 http.idle_conn_timeout must be a duration with its unit, such as 150ms, 5s, 1m30s, 12h or 1d, longer than 0',
    ]);
    expect(
      problemsOf(
        `listeners: [{ listen: ":1", upstream: up, http: { idle_conn_timeout: 9s } }]\n${upstreams}`,
      ),
    ).toEqual([
      'x.yaml:1:51 listeners[0].http.idle_conn_timeout is not allowed here: write connection_pool.max_idle_time of an upstream instead',
    ]);
  });

  it('are warned of when a pool is smaller than what a backend may take', () => {
    const backends = (limit: number): string => `backends: [{ address: "a:1", max_connections: ${limit} }]\n`;
    expect(warningsOf(`${backends(1000)}connection_pool: { max_size: 50 }`)).toEqual([
      'x.yaml:1:47 backends[0].max_connections is never reached: connection_pool.max_size (50) is the lower limit',
    ]);
    for (const pool of ['', 'connection_pool: { max_size: 0 }', 'connection_pool: { max_size: 1000 }'])
      expect(warningsOf(backends(1000) + pool)).toEqual([]);
    const off = 'connection_pool: { enabled: false, max_size: 50 }';
    expect(warningsOf(backends(1000) + off)).toEqual([]);
    // A tunnel takes no place in the pool.
    expect(warningsOf(`mode: tcp\n${backends(1000)}connection_pool: { max_size: 50 }`)).toEqual([]);
  });

  it.each([
    [[undefined, 5], [1]],
    [[5, undefined], [0]],
    [
      [3, undefined, 2],
      [0, 2],
    ],
    [
      [5, 5, undefined],
      [0, 1],
    ],
    [[0, 1, 4], [2]],
    [[5, 5], []],
    [[0, 5, 5], []],
  ])('with the weights %j are warned of where an algorithm ignores them: %j', (weights, warned) => {
    const lines = weights.map((weight, index) => {
      const given = weight === undefined ? '' : `, weight: ${weight}`;
      return `  - { name: b${index}, address: "b:${index + 1}"${given} }\n`;
    });
    const text = `backends:\n${lines.join('')}`;
    for (const algorithm of ALGORITHMS) {
      const isBlind = algorithm === 'round-robin' || algorithm === 'least-connections';
      const message = `has no effect on ${algorithm}; weighted-${algorithm} looks at it`;
      const warnings = warningsOf(`${text}load_balancer: { algorithm: ${algorithm} }`);
      expect(warnings).toEqual(
        isBlind ? warned.map((index) => `x.yaml:${index + 2}:41 backends[${index}].weight ${message}`) : [],
      );
    }
  });

  it('are warned of once where several upstreams have them', () => {
    const backends = 'backends: [{ name: a, address: "a:1", weight: 5 }, { name: b, address: "b:1" }]';
    expect(warningsOf(`${backends}\nhttp: { routes: [{ path_prefix: /x, backends: [a, b] }] }`)).toEqual([
      'x.yaml:1:47 backends[0].weight has no effect on round-robin; weighted-round-robin looks at it',
    ]);
  });

  it('are warned of when nobody uses the upstream', () => {
    expect(warningsOf(`listeners: [{ listen: ":1" }]\n${upstreams}`)).toEqual([
      'x.yaml:1:13 listeners[0] has neither upstream nor routes: every request gets 404',
      'x.yaml:2:21 upstreams[0].name is used by no listener and no route',
    ]);
  });

  it('are warned of when the mode has no such timeout', () => {
    expect(warningsOf(`mode: tcp\n${one}timeouts: { connect: 1s, read: 1s, write: 1s, idle: 1s }`)).toEqual([
      'x.yaml:3:32 timeouts.read has no effect in mode tcp',
      'x.yaml:3:43 timeouts.write has no effect in mode tcp',
    ]);
  });
});

describe('a transform', () => {
  const header = (change: string, list = 'request_headers') =>
    `${one}transform: { ${list}: [{ ${change} }] }`;

  it.each([
    ['action: set, name: X', 'x.yaml:2:32 transform.request_headers[0] must have the key value'],
    [
      'action: st, name: X, value: y',
      'x.yaml:2:42 transform.request_headers[0].action must be one of add, set, remove; did you mean "set"?',
    ],
    [
      'action: set, name: "X Y", value: y',
      'x.yaml:2:53 transform.request_headers[0].name must be a header name: letters, digits, - and _',
    ],
    [
      'action: set, name: X, value: "a\\r\\nb"',
      'x.yaml:2:63 transform.request_headers[0].value must be a header value without line breaks and control characters',
    ],
    [
      'action: set, name: X, value: "${hots}"',
      /must use no other variables than \$\{duration\} .* \$\{proxy_client_name\}; did you mean "host"\?$/,
    ],
    [
      'action: set, name: X, value: "${host"',
      'x.yaml:2:63 transform.request_headers[0].value must close each ${ with a }',
    ],
    [
      'action: remove, name: X, value: y',
      'x.yaml:2:66 transform.request_headers[0].value has no effect with the action remove',
    ],
    [
      'action: remove, name: Host',
      /request_headers\[0\].name is Host: a request must have one, so it can only be set$/,
    ],
  ])('with %s is refused', (change, problem) => {
    expect(problemsOf(header(change))).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  });

  it.each(['Content-Length', 'transfer-encoding', 'Connection', 'UPGRADE', 'Keep-Alive', 'TE', 'Trailer'])(
    'can not touch %s',
    (name) => {
      for (const list of ['request_headers', 'response_headers']) {
        for (const change of [`action: remove, name: ${name}`, `action: set, name: ${name}, value: x`]) {
          expect(problemsOf(header(change, list))).toEqual([
            expect.stringContaining('is a header that the proxy writes itself'),
          ]);
        }
      }
    },
  );

  it('is checked in each route as well', () => {
    const text = `${one}http: { routes: [{ transform: { response_headers: [{ action: remove, name: Upgrade }] } }] }`;
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^x.yaml:2:\d+ http.routes\[0\].transform.response_headers\[0\].name /),
    ]);
  });

  it('must have a pattern that is a regular expression', () => {
    expect(problemsOf(`${one}transform: { rewrite: { pattern: "(", replacement: x } }`)).toEqual([
      'x.yaml:2:34 transform.rewrite.pattern must be a JavaScript regular expression (unterminated group)',
    ]);
  });

  it('with all that is allowed loads', () => {
    expect(problemsOf(header('action: set, name: Host, value: "a.example"'))).toEqual([]);
    expect(
      problemsOf(header('action: add, name: X-Time, value: "${duration} ${route}"', 'response_headers')),
    ).toEqual([]);
  });
});

describe('the buckets of histograms', () => {
  it.each([
    ['[1, 0.5, 0.2]', '2:25 metrics.buckets[1] must be greater than the one before it, which is 1'],
    ['[0.1, 0.1]', '2:27 metrics.buckets[1] must be greater than the one before it, which is 0.1'],
    ['[0, 1]', '2:22 metrics.buckets[0] must be > 0'],
    ['[]', /metrics\.buckets must/],
    ['[5ms]', /metrics\.buckets\[0\] must be a number/],
  ])('%s are refused', (buckets, problem) => {
    expect(problemsOf(`${one}metrics: { buckets: ${buckets} }`)).toEqual([
      typeof problem === 'string' ? `x.yaml:${problem}` : expect.stringMatching(problem),
    ]);
  });

  it('load when they ascend', () => {
    expect(problemsOf(`${one}metrics: { buckets: [0.0005, 0.5, 2] }`)).toEqual([]);
  });
});
