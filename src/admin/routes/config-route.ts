import type { Config } from '../../config/schema/config.generated.ts';
import { showConfig, toYaml } from '../../config/schema/show-config.ts';
import type { ConfigFileReading } from '../../readings/reload.ts';
import { AdminError } from '../endpoint/admin-error.ts';
import { jsonResponse, YAML_TYPE } from '../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../endpoint/admin-router.ts';

/** The live config and its files. */
export interface LiveConfigReading {
  readonly config: Config;
  /** Number of the generation that was built from it. */
  readonly generation: number;
  readonly hash: string;
  /** The config file, the files that it includes, and the files that its keys name. */
  readonly files: readonly ConfigFileReading[];
  readonly loadedAtMs: number;
  /** What asked for it to be loaded: `start`, `file`, `signal`, `admin` … */
  readonly source: string;
}

/**
 * `GET /config`: the live config with all defaults filled in and secrets masked. With `?format=yaml` it is only the config, as a file that can be
 * loaded after its secrets are filled in.
 */
export function configRoute(live: () => Promise<LiveConfigReading | undefined>): AdminRoute {
  return get('/config', async ({ query }) => {
    const format = query.get('format') ?? 'json';
    if (format !== 'json' && format !== 'yaml') {
      throw new AdminError(400, 'bad_query', 'format must be json or yaml');
    }
    const reading = await live();
    if (reading === undefined) throw new AdminError(503, 'not_ready', 'no config is live yet');
    const config = showConfig(reading.config);
    if (format === 'yaml') return { status: 200, contentType: YAML_TYPE, body: toYaml(config) };
    return jsonResponse(200, { ...originJson(reading), config });
  });
}

function originJson({ generation, hash, files, loadedAtMs, source }: LiveConfigReading): object {
  return { generation, hash, loaded_at: new Date(loadedAtMs).toISOString(), source, files };
}
