import { suggestion } from '../problems/closest.ts';
import type { Path } from '../problems/problem.ts';
import type { FileSni } from '../schema/config-file.generated.ts';
import { parseBackendAddress } from '../values/backend-address.ts';
import { isEqual } from '../values/is-equal.ts';
import { parseSniName } from '../values/tls/tls-name.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { normalizeBackend } from './normalize-upstream.ts';

/** Servers by their addresses, or the name of an upstream. */
type Target = string | readonly string[];

/** An upstream that was made for addresses of a route. */
interface MadeUpstream {
  readonly name: string;
  readonly backends: readonly object[];
}

/** Turns the SNI routes of listeners into names of upstreams, and makes the upstreams of those that give addresses. */
export class SniUpstreams {
  readonly #upstreams: object[];
  readonly #settingsOf: (at: Path) => object;
  readonly #context: NormalizeContext;
  readonly #names: readonly string[];
  readonly #made: MadeUpstream[] = [];

  /**
   * @param upstreams the upstreams of the config; those that are made are added
   * @param settingsOf the settings of an upstream that is made at a path of the config, without its name and backends
   */
  constructor(upstreams: object[], settingsOf: (at: Path) => object, context: NormalizeContext) {
    this.#upstreams = upstreams;
    this.#settingsOf = settingsOf;
    this.#context = context;
    this.#names = upstreams.flatMap((upstream) =>
      'name' in upstream && typeof upstream.name === 'string' ? [upstream.name] : [],
    );
  }

  /** The `sni` of a listener as the config has it. `at` is its path in the config, `inFile` that in the file. */
  routing(sni: FileSni, at: Path, inFile: Path): object {
    const context = this.#context;
    const { provenance } = context;
    const routes: object[] = [];
    const byName = new Map<string, string>();
    for (const [written, target] of Object.entries(sni.routes ?? {})) {
      const path: Path = [...inFile, 'routes', written];
      const name = parseSniName(written);
      const same = byName.get(name);
      if (same !== undefined) {
        context.error(path, `is the same name as ${context.shown([...inFile, 'routes', same], same)}`);
        continue;
      }
      byName.set(name, written);
      provenance.set([...at, 'routes', routes.length], path);
      for (const key of ['name', 'upstream']) provenance.set([...at, 'routes', routes.length, key], path);
      routes.push({ name, upstream: this.#upstreamOf(target, name, path) });
    }
    const rest = sni.idle_timeout === undefined ? {} : { idle_timeout: sni.idle_timeout };
    if (sni.default === undefined) return { routes, ...rest };
    return { routes, default: this.#upstreamOf(sni.default, 'default', [...inFile, 'default']), ...rest };
  }

  #upstreamOf(target: Target, name: string, path: Path): string {
    if (typeof target !== 'string') return this.#make(target, name, path, true);
    if (this.#names.includes(target)) return target;
    if (isAddress(target)) return this.#make([target], name, path, false);
    const context = this.#context;
    const hint = suggestion(target, this.#names);
    const forms =
      hint === '' ? '; to name a server, write its address with the port, as in 10.0.0.1:443' : hint;
    context.error(path, `names the upstream ${context.shown(path, target)}, which does not exist${forms}`);
    return target;
  }

  /** The name of the upstream with these backends. Listeners that pass one name on to the same servers share it. */
  #make(addresses: readonly string[], route: string, path: Path, isList: boolean): string {
    const backends = addresses.map((address) => normalizeBackend({ address }));
    const wanted = `sni:${route}`;
    const same = this.#made.filter(({ name }) => name === wanted || name.startsWith(`${wanted}#`));
    const shared = same.find((upstream) => isEqual(upstream.backends, backends));
    if (shared !== undefined) return shared.name;
    const name = same.length === 0 ? wanted : `${wanted}#${same.length + 1}`;
    const at: Path = ['upstreams', this.#upstreams.length];
    const { provenance } = this.#context;
    const settings = this.#settingsOf(at);
    for (const key of ['name', 'backends']) provenance.set([...at, key], path);
    for (const index of backends.keys())
      for (const key of ['name', 'address'])
        provenance.set([...at, 'backends', index, key], isList ? [...path, index] : path);
    this.#upstreams.push({ ...settings, name, backends });
    this.#made.push({ name, backends });
    return name;
  }
}

function isAddress(text: string): boolean {
  try {
    parseBackendAddress(text);
    return true;
  } catch {
    return false;
  }
}
