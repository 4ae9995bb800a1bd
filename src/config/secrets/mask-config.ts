import type { Config } from '../config.generated.ts';
import { maskSecrets } from './mask-secrets.ts';

/** What stands for a secret wherever a config is shown. */
export const SECRET_MASK = '***';

/** The config as it may be shown to whoever may not see its secrets. */
export function maskConfig(config: Config): Config {
  return maskSecrets(config, () => SECRET_MASK);
}
