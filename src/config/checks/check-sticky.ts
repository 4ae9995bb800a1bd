import type { Upstream } from '../schema/config.generated.ts';
import type { Path } from '../problems/problem.ts';
import type { CheckContext } from './check-context.ts';

/** The settings of an upstream's cookie fit together, and whoever reads them knows how long its key lasts. */
export function checkSticky({ name, sticky }: Upstream, at: Path, context: CheckContext): void {
  if (sticky?.enabled !== true) return;
  const path = [...at, 'sticky'];
  if (sticky.same_site === 'none' && sticky.secure === 'never')
    context.error(
      [...path, 'same_site'],
      'must not be none with secure: never: browsers refuse such a cookie',
    );
  const first = context.config.upstreams.find(
    (other) => other.sticky?.enabled === true && other.sticky.name === sticky.name,
  );
  if (sticky.name !== undefined && first !== undefined && first.name !== name)
    context.warn(
      [...path, 'name'],
      `is the name of the cookie of upstream ${first.name} too: a client of both loses its backend at each change`,
    );
  if (sticky.secret !== undefined && sticky.secret_file !== undefined)
    context.error([...path, 'secret_file'], 'is given beside secret: only one of them can be the key');
  if (sticky.secret !== undefined || sticky.secret_file !== undefined) return;
  context.warn(
    path,
    context.config.reload.history_dir === undefined
      ? 'has no secret: the key of its cookies is lost when the process ends, and each client then gets a backend anew'
      : 'has no secret: the key of its cookies is kept in reload.history_dir; another proxy does not know it, and gives each client a backend anew',
  );
}
