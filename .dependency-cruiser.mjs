// Who may import whom. Each part lists what it may see; whatever is not listed is an error.
const base = ['src/plugin-api', 'src/errors', 'src/readings', 'src/time'];
const foundation = [...base, 'src/config', 'src/net'];
const services = ['src/upstream', 'src/health', 'src/resilience', 'src/security'];
const machinery = ['src/runtime', 'src/plugins'];
const observers = ['src/telemetry', 'src/admin'];

/** They read addresses with `net` and open no sockets. */
const addressReaders = [
  'plugins/http/forwarding/claimed-address',
  'plugins/http/forwarding/forwarding-profile',
  'src/plugin-api/values/address-list',
];

const maySee = {
  'src/errors': [],
  'src/readings': [],
  'src/time': [],
  'src/plugin-api': base,
  'src/config': base,
  'src/net': [...base, 'src/config'],
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
  'src/cli': [...foundation, ...services, ...machinery, ...observers, 'src/app', 'src/package-root'],
  'src/program': [...foundation, ...services, ...machinery, ...observers, 'src/app', 'src/package-root'],
  'src/package-root': [],
  'src/index': [...foundation, ...machinery, 'src/program'],
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
    {
      name: 'plugins see only the public contract',
      comment: 'what a built-in protocol needs, a stranger may need as well: put it on the plugin API',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/' },
      to: { path: '^(src|plugins|test)/', pathNot: ['^plugins/$1/', ...base.map(part)] },
    },
    {
      name: 'no cycles',
      comment: 'two types may name each other; two modules may not need each other at run time',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    onlyFrom('winston|winston-transport|prom-client|@opentelemetry', ['src/telemetry']),
    onlyFrom('generic-pool', ['src/upstream']),
    onlyFrom('undici', ['plugins/http']),
    onlyFrom('chokidar|yaml', ['src/config']),
    onlyFrom('ajv|ajv-formats', ['src/config', 'src/plugins']),
    onlyFrom('net|tls', [
      'src/net',
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
      from: { path: '^(src|plugins)/' },
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
