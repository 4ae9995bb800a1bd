import { jsonResponse } from '../endpoint/admin-response.ts';
import { post, type AdminRoute } from '../endpoint/admin-router.ts';
import type { UpgradeReading } from '../../readings/upgrade.ts';
import { upgradeJson } from './upgrade-json.ts';

/** An upgrade that takes longer goes on after its client got an error. */
const TIMEOUT_MS = 10 * 60_000;

/**
 * `POST /upgrade`: lets a new version take over. 200 when it serves: this answer is one of the last of the old version. 409 when nothing
 * has changed.
 */
export function upgradeRoute(upgrade: () => Promise<UpgradeReading>): AdminRoute {
  const handle = async () => {
    const outcome = await upgrade();
    return jsonResponse(outcome.ok ? 200 : 409, upgradeJson(outcome));
  };
  return post('/upgrade', handle, { timeoutMs: TIMEOUT_MS, maxBodyBytes: 0 });
}
