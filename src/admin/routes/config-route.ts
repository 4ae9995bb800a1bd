import type { Config } from '../../config/schema/config.generated.ts';
import { showConfig, toYaml } from '../../config/schema/show-config.ts';
import { AdminError } from '../endpoint/admin-error.ts';
import { jsonResponse, YAML_TYPE } from '../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../endpoint/admin-router.ts';

/** A file that the config was made from. */
export interface ConfigFileReport {
  readonly file: string;
  /** `main`, `include` or `reference`. */
  readonly role: string;
  /** sha256 of its content. */
  readonly hash: string | undefined;
}

/** The config that is live and where it came from. */
export interface LiveConfigReport {
  readonly config: Config;
  /** Number of the generation that was built from it. */
  readonly generation: number;
  readonly hash: string;
  /** The config file, those that it includes, and those that its keys name. */
  readonly files: readonly ConfigFileReport[];
  readonly loadedAtMs: number;
  /** Who asked for it to be loaded: `start`, `file`, `signal`, `admin` … */
  readonly source: string;
}

/**
 * `GET /config`: the live config with all defaults filled in and secrets masked. With `?format=yaml` it is only the config, as a file that can be
 * loaded after its secrets are filled in.
 */
export function configRoute(live: () => LiveConfigReport | undefined): AdminRoute {
  return get('/config', ({ query }) => {
    const format = query.get('format') ?? 'json';
    if (format !== 'json' && format !== 'yaml') {
      throw new AdminError(400, 'bad_query', 'format must be json or yaml');
    }
    const report = live();
    if (report === undefined) throw new AdminError(503, 'not_ready', 'no config is live yet');
    const config = showConfig(report.config);
    if (format === 'yaml') return { status: 200, contentType: YAML_TYPE, body: toYaml(config) };
    return jsonResponse(200, { ...originJson(report), config });
  });
}

function originJson({ generation, hash, files, loadedAtMs, source }: LiveConfigReport): object {
  return { generation, hash, loaded_at: new Date(loadedAtMs).toISOString(), source, files };
}
