// Who may import whom, imports of types included. src/README.md draws the same picture for people; `npm run structure` checks
// that folders need each other one way.

/** What everything may see: the plugin API, errors, plain data about what runs, and promises with a limit. */
const base = ['src/plugin-api', 'src/errors', 'src/readings', 'src/time'];
/** Words that workers share. Plugins are not among those who see them. */
const shared = 'src/shared';
const foundation = [...base, shared, 'src/config', 'src/net'];
const services = ['src/upstream', 'src/health', 'src/resilience', 'src/security'];
const machinery = ['src/runtime', 'src/plugins'];
const observers = ['src/telemetry', 'src/admin'];

/** They read addresses with `net` and open no sockets. */
const addressReaders = [
  'plugins/filters/address-list/network-set',
  'plugins/http/forwarding/claimed-address',
  'plugins/http/forwarding/forwarding-profile',
  'src/plugin-api/values/address-list',
  'src/plugin-api/values/ip-address',
  'src/upstream/stickiness/client-network',
];

/** Layers: each part may see itself and what it lists; anything else is an error. */
const maySee = {
  'src/errors': [],
  'src/readings': [],
  'src/time': [],
  'src/shared': [],
  'src/certificates': ['src/plugin-api'],
  'src/plugin-api': base,
  'src/config': [...base, 'src/certificates'],
  'src/net': [...base, shared, 'src/config'],
  'src/upstream': [...foundation, ...services],
  'src/health': [...foundation, ...services],
  'src/resilience': [...foundation, ...services],
  'src/security': [...foundation, ...services],
  'src/runtime': [...foundation, ...services, ...machinery],
  'src/plugins': [...foundation, ...services, ...machinery],
  // Observers learn everything from the typed channels, so nothing but the composition root knows them.
  'src/telemetry': [...base, 'src/config'],
  'src/admin': foundation,
  'src/app': [...foundation, ...services, ...machinery, ...observers],
  'src/cli': [
    ...foundation,
    ...services,
    ...machinery,
    ...observers,
    'src/app',
    'src/certificates',
    'src/package-root',
  ],
  'src/program': [...foundation, ...services, ...machinery, ...observers, 'src/app', 'src/package-root'],
  'src/package-root': [],
  'src/index': [...foundation, ...services, ...machinery, 'src/program'],
};

/** A folder or a file of that name, as a pattern. */
const part = (name) => `^${name}(/|\\.ts$)`;

const layers = Object.entries(maySee).map(([name, seen]) => ({
  name: `layer: ${name}`,
  comment: `${name} may import only itself${seen.length > 0 ? `, ${seen.join(', ')}` : ''}`,
  severity: 'error',
  from: { path: part(name) },
  to: { path: '^(src|plugins|test)/', pathNot: [name, ...seen].map(part) },
}));

/**
 * Rooms: the folders of one part from the top down. A folder may see those that come later in the list, and none that comes before
 * it or stands beside it in an inner list. `.` are the files of the part itself, `config/.` those of its folder `config`; another folder
 * includes the folders inside of it.
 */
const rooms = {
  'plugins/http': [
    '.',
    'explain',
    'exchange',
    'records',
    'instance',
    ['filters', 'refusals', 'config/.'],
    ['routing', 'answers'],
    'forwarding',
    'h1',
    'config/schema',
    'message',
  ],
  'plugins/http/h1': ['.', ['parse', 'write'], ['mending', 'llhttp']],
  'plugins/http/message': ['.', 'refusal'],
  'src/admin': ['.', ['routes', 'server'], ['access', 'diagnostics'], 'endpoint'],
  'src/app': ['.', 'admin', 'upgrade', ['serving', 'worker'], 'parts'],
  'src/cli': [
    '.',
    ['demo', 'dev-cert', 'offline', 'logs', 'upgrade'],
    'run',
    'health',
    'command-line',
    'process',
  ],
  'src/config': [
    ['watch', 'lint'],
    ['load', 'diff'],
    ['checks', 'normalize'],
    'certificates',
    'options',
    'files',
    'document',
    'schema',
    'log-filter',
    'values',
    'problems',
  ],
  'src/net': [
    'share',
    'listen',
    ['layers', 'dial', 'tunnel'],
    'transport',
    ['dns', 'faults'],
    'resources',
    'node',
    '.',
  ],
  'src/plugins': ['.', 'import', 'source', 'checks'],
  'src/runtime': [
    ['reload', 'worker', 'supervisor'],
    ['control', 'feeds'],
    'explain',
    'listeners',
    'generation',
    'upstreams',
  ],
  'src/telemetry': ['control', ['logs', 'traces'], 'metrics', '.'],
  'src/telemetry/logs': ['remote', '.', 'access', 'output', 'format'],
  'src/telemetry/metrics': ['.', ['counters', 'process'], 'snapshot', 'exposition', 'readings'],
  'src/telemetry/traces': ['.', 'export', 'spans', 'context'],
  'src/upstream': ['.', 'group', 'pool', 'backend', 'sharing', 'balancer'],
  'src/upstream/balancer': ['.', ['chance', 'hashing', 'turns'], 'contract'],
};

/** What the order of rooms alone does not say: who never sees whom, though it stands above. */
const strangers = [
  // Only plugins/http/http-parts.ts knows that messages are HTTP/1; the rest works on the message level.
  {
    from: 'plugins/http/(explain|exchange|records|instance|filters|refusals|routing|forwarding|answers)',
    to: 'plugins/http/h1',
  },
  { from: 'src/upstream/balancer', to: '(src|plugins)/(?!upstream/|plugin-api/|config/|errors)' },
];

/** The files of a room: those of a folder, or the ones that stand in the part itself. */
const filesOf = (name, room) => `^${name}/${room.endsWith('.') ? `${room.slice(0, -1)}[^/]+$` : `${room}/`}`;

const roomRules = Object.entries(rooms).flatMap(([name, order]) =>
  order.flatMap((beside, index) =>
    [beside].flat().map((room) => ({
      name: `rooms: ${name}/${room}`,
      comment: `${name} is ordered from the top down: ${order.flat().join(', ')}`,
      severity: 'error',
      from: { path: filesOf(name, room) },
      to: {
        path: order
          .slice(0, index + 1)
          .flat()
          .filter((other) => other !== room)
          .map((other) => filesOf(name, other)),
      },
    })),
  ),
);

const strangerRules = strangers.map(({ from, to }) => ({
  name: `strangers: ${from}`,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { path: `^${to}` },
}));

/** A package or builtin that only some parts may import, so that it can be replaced in one place. */
const onlyFrom = (module, parts) => ({
  name: `only ${parts.join(', ')} may import ${module}`,
  severity: 'error',
  from: { path: '^(src|plugins)/', pathNot: parts.map(part) },
  to: { path: `^(node_modules/)?(${module})(/|$)` },
});

export default {
  forbidden: [
    ...layers,
    ...roomRules.filter(({ to }) => to.path.length > 0),
    ...strangerRules,
    {
      name: 'plugins see only the public contract',
      comment:
        'what a built-in protocol needs, a plugin of somebody else may need too: put it on the plugin API',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/' },
      to: { path: '^(src|plugins|test)/', pathNot: ['^plugins/$1/', ...base.map(part)] },
    },
    {
      name: 'filters do not see each other',
      comment: 'each built-in filter stands for itself, as one of somebody else does',
      severity: 'error',
      from: { path: '^plugins/filters/([^/]+)/' },
      to: { path: '^plugins/filters/', pathNot: '^plugins/filters/$1/' },
    },
    {
      name: 'no cycles',
      comment: 'no two modules need each other, not even for types: move what both need below them',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    onlyFrom('winston|winston-transport|prom-client|@opentelemetry', ['src/telemetry']),
    onlyFrom('generic-pool', ['src/upstream']),
    onlyFrom('undici', ['plugins/http']),
    onlyFrom('chokidar|yaml', ['src/config']),
    onlyFrom('ajv|ajv-formats', ['src/config', 'src/plugins']),
    onlyFrom('net|tls', [
      'src/net',
      'src/certificates',
      'src/health',
      'src/config',
      'src/telemetry',
      'src/cli',
      'src/admin',
      ...addressReaders,
    ]),
    onlyFrom('http|https', ['plugins/http', 'src/admin', 'src/health', 'src/cli']),
    {
      name: 'no development dependencies in the product',
      severity: 'error',
      // The build is no part of the product.
      from: { path: '^(src|plugins)/', pathNot: '^src/bundle[.]mjs$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'everything resolves',
      severity: 'error',
      from: { path: '^(src|plugins)/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'types'],
    },
    // `rewriteRelativeImportExtensions` of the compiler is why the sources import `.ts`.
    moduleSystems: ['es6', 'cjs'],
  },
};
