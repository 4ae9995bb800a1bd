import type { Config } from '../config.generated.ts';
import { withUnits } from '../show-config.ts';
import { SecretTokens } from './secret-tokens.ts';
import type { ConfigChange } from './config-change.ts';
import { diffListeners } from './diff-listeners.ts';
import { diffSettings } from './diff-settings.ts';
import { diffUpstreams } from './diff-upstreams.ts';
import { HOT, Place, type Consequence } from './place.ts';
import { withoutEqualParts } from './without-equal-parts.ts';

const REBINDS: Consequence = { effect: 're-binds', note: 'its own server is bound or closed' };

/**
 * What differs between two normalized configs, one change for each thing that a person would name, and what each means
 * for a proxy that runs the first and gets the second. Equal configs give none; what stands in another order without
 * meaning anything else is none. Without `before`, everything in `after` is new.
 */
export function diffConfigs(before: Config | undefined, after: Config): ConfigChange[] {
  const secrets = new SecretTokens();
  // Numbers with units are texts from here on, which nothing below takes for numbers.
  const shown = (config: Config): Config => withUnits(secrets.hide(config)) as Config;
  const [was, is] = before === undefined ? [undefined, after] : withoutEqualParts(before, after);
  const now = shown(is);
  const old = was === undefined ? { ...now, listeners: [], upstreams: [] } : shown(was);
  const root = new Place('', '');
  const changes = [
    ...diffListeners(old, now, root),
    ...diffUpstreams(old, now, root),
    ...diffSettings(old, now, root, consequenceOf, ['listeners', 'upstreams']),
  ];
  return changes.map((change) => SecretTokens.mask(change));
}

function consequenceOf(key: string): Consequence {
  return key === 'admin' || key === 'admin.listen' || key === 'metrics.enabled' || key === 'metrics.listen'
    ? REBINDS
    : HOT;
}
