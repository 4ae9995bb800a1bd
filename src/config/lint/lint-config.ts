/** Advice: what works and is better changed. `balance validate --strict` shows it; a load does not. */
import type { LoadedConfig } from '../load/loaded-config.ts';
import type { RulesOf } from '../options/listener-options.ts';
import { UpstreamUses } from '../options/upstream-uses.ts';
import { sortProblems, type Problem } from '../problems/problem.ts';
import { lintClientAuth } from './lint-client-auth.ts';
import type { LintContext } from './lint-context.ts';
import { lintListeners } from './lint-listeners.ts';
import { lintSni } from './lint-sni.ts';
import { lintUpstreams } from './lint-upstreams.ts';
import { isLocalOnly, parseAddress } from '../values/address.ts';

/** Advice on a config that passed its checks, in the order of the file. It does not repeat the warnings of the load. */
export function lintConfig(loaded: LoadedConfig, rulesOf: RulesOf): readonly Problem[] {
  const { config } = loaded;
  const problems: Problem[] = [];
  const context: LintContext = {
    config,
    rulesOf,
    uses: new UpstreamUses(config, rulesOf),
    warn: (path, message) => problems.push(loaded.problem(path, message)),
  };
  lintListeners(context);
  lintUpstreams(context);
  lintClientAuth(context);
  lintSni(context);
  lintExposure(context);
  return sortProblems(problems);
}

/** The metrics are not shown to everybody by accident. Who may use the admin server is checked at each load. */
function lintExposure({ config, warn }: LintContext): void {
  const { admin, metrics } = config;
  const isOwn = admin?.listen !== metrics.listen && !isLocalOnly(parseAddress(metrics.listen));
  const isOpen = metrics.allow === undefined || metrics.allow.some((network) => network.endsWith('/0'));
  if (!metrics.enabled || !isOwn || !isOpen) return;
  warn(
    ['metrics', 'listen'],
    'shows the metrics over plain HTTP to everybody who reaches it: listen on 127.0.0.1, or on the address of admin.listen with a token and tls, or say in metrics.allow who may ask',
  );
}
