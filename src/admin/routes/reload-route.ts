import { jsonResponse } from '../endpoint/admin-response.ts';
import { post, type AdminRoute } from '../endpoint/admin-router.ts';
import type { ReloadReading } from '../../readings/reload.ts';
import { reloadJson } from './reload-json.ts';

/** No reload should take so long. One that does goes on after its client got an error. */
const TIMEOUT_MS = 2 * 60_000;

/** `POST /reload`: reads the config again. 200 when it is live now, 422 when it was refused and nothing has changed. */
export function reloadRoute(reload: () => Promise<ReloadReading>): AdminRoute {
  const handle = async () => {
    const outcome = await reload();
    return jsonResponse(outcome.ok ? 200 : 422, reloadJson(outcome));
  };
  return post('/reload', handle, { timeoutMs: TIMEOUT_MS, maxBodyBytes: 0 });
}
