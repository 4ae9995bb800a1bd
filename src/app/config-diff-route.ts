import { AdminError } from '../admin/admin-error.ts';
import { jsonResponse } from '../admin/admin-response.ts';
import { post, type AdminRoute } from '../admin/admin-router.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/config.generated.ts';
import { diffConfigs } from '../config/diff/diff-configs.ts';
import { summarizeChanges } from '../config/diff/summarize-changes.ts';
import type { LoadedConfig } from '../config/load-config.ts';

const MAX_BODY_BYTES = 8 * 1024 * 1024;

export interface ConfigDiffSources {
  readonly live: () => { readonly id: number; readonly config: Config } | undefined;
  /** Checks a text as if it stood in the config file. Rejects with a ConfigError. */
  readonly check: (text: string) => Promise<LoadedConfig>;
}

/**
 * `POST /config/diff`: what would change if the text in the body stood in the config file. Changes nothing. Answers as a
 * reload would: 200 when it would be taken, as far as that can be told without doing it, otherwise 422.
 */
export function configDiffRoute({ live, check }: ConfigDiffSources): AdminRoute {
  return post(
    '/config/diff',
    async (request) => {
      const text = request.text();
      const current = live();
      if (current === undefined) throw new AdminError(503, 'not_ready', 'no config is live yet');
      const report = await compared(text, current.config, check);
      return jsonResponse(report.ok ? 200 : 422, { generation: current.id, ...report });
    },
    { maxBodyBytes: MAX_BODY_BYTES },
  );
}

async function compared(text: string, live: Config, check: ConfigDiffSources['check']) {
  try {
    const { config, warnings } = await check(text);
    const changes = diffConfigs(live, config);
    const refused = changes.find(({ effect }) => effect === 'refused');
    const message = refused === undefined ? summarizeChanges(changes) : (refused.note ?? refused.summary);
    return { ok: refused === undefined, message, changes, problems: [], warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ok: false, message: error.message, changes: [], problems: error.problems, warnings: [] };
  }
}
