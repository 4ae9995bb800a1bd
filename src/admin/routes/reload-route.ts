import { jsonResponse } from '../endpoint/admin-response.ts';
import { post, type AdminRoute } from '../endpoint/admin-router.ts';
import { reloadJson, type ReloadReport } from './reload-report.ts';

/** No reload should take so long. One that does goes on after its client got an error. */
const TIMEOUT_MS = 2 * 60_000;

/** `POST /reload`: reads the config again. 200 when it is live now, 422 when it was refused and nothing has changed. */
export function reloadRoute(reload: () => Promise<ReloadReport>): AdminRoute {
  const handle = async () => {
    const report = await reload();
    return jsonResponse(report.ok ? 200 : 422, reloadJson(report));
  };
  return post('/reload', handle, { timeoutMs: TIMEOUT_MS, maxBodyBytes: 0 });
}
