import type { Path } from '../problems/problem.ts';
import type { ConfigFile, FileMirror } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { upstreamTls } from './normalize-upstream-tls.ts';
import { connectionPool, normalizeBackend } from './normalize-upstream.ts';
import { pickKeys } from './pick-keys.ts';

/** The upstream with the mirror of all routes. That of one route has a colon and the name of the route behind it. */
const MIRROR_NAME = 'mirror';

/** A route of a flat or gateway file. */
interface MirroredRoute {
  readonly name: string;
  readonly index: number;
  /** Its path in the file. */
  readonly at: Path;
}

/** A `mirror` section, and where it stands. */
interface WrittenMirror {
  readonly given: FileMirror | undefined;
  readonly inFile: Path;
  /** Its path in the config. */
  readonly at: Path;
  /** The name of its upstream. */
  readonly name: string;
}

/** The `mirror` of a flat or gateway file as a part of the options of its listener. Its upstream is added to `upstreams`. */
export function fileMirror(file: ConfigFile, upstreams: object[], context: NormalizeContext): object {
  const at: Path = ['listeners', 0, 'http', 'mirror'];
  return mirrorOf(
    { given: file.mirror, inFile: ['mirror'], at, name: MIRROR_NAME },
    file,
    upstreams,
    context,
  );
}

/** The `mirror` of a route of such a file as a part of that route. Its upstream is added to `upstreams`. */
export function routeMirror(
  given: FileMirror | undefined,
  { name, index, at: routeAt }: MirroredRoute,
  file: ConfigFile,
  upstreams: object[],
  context: NormalizeContext,
): object {
  const at: Path = ['listeners', 0, 'http', 'routes', index, 'mirror'];
  const written = { given, inFile: [...routeAt, 'mirror'], at, name: `${MIRROR_NAME}:${name}` };
  return mirrorOf(written, file, upstreams, context);
}

function mirrorOf(
  { given, inFile, at, name }: WrittenMirror,
  file: ConfigFile,
  upstreams: object[],
  context: NormalizeContext,
): object {
  if (given === undefined) return {};
  const { provenance } = context;
  const { backends, ...settings } = given;
  const upstreamAt: Path = ['upstreams', upstreams.length];
  provenance.set(at, inFile);
  provenance.set([...at, 'upstream'], [...inFile, 'backends']);
  upstreams.push({
    ...mirrorSettings(file, upstreamAt, backends, [...inFile, 'backends'], context),
    name,
    backends: backends.map((address) => normalizeBackend({ address })),
  });
  for (const key of ['name', 'backends']) provenance.set([...upstreamAt, key], [...inFile, 'backends']);
  for (const index of backends.keys())
    for (const key of ['name', 'address'])
      provenance.set([...upstreamAt, 'backends', index, key], [...inFile, 'backends', index]);
  return { mirror: { ...settings, upstream: name } };
}

/**
 * The settings of an upstream that gets nothing but copies. It has no checks, retries and breakers: whether a mirror works is no question of the
 * proxy's health, and a copy that fails is not worth a second try.
 */
function mirrorSettings(
  file: ConfigFile,
  at: Path,
  addresses: readonly string[],
  inFile: Path,
  context: NormalizeContext,
): object {
  context.provenance.set(at, []);
  const written = { addresses, pathOf: (index: number): Path => [...inFile, index] };
  return {
    ...pickKeys(file, ['tcp_keepalive']),
    ...connectionPool(file, at, context),
    ...upstreamTls({ given: file.tls?.backend, inFile: ['tls', 'backend'] }, written, at, context),
    timeouts: pickKeys(file.timeouts ?? {}, ['connect', 'read']),
  };
}
