import type { startApp } from '../../app.ts';

/**
 * Loads the proxy, part by part. Node.js 20 opens all files below one import at the same time, so importing the whole proxy at once
 * would fail where fewer than 140 files may be open (`ulimit -n`). In parts it needs 80.
 */
export async function loadApp(): Promise<typeof startApp> {
  await import('../../telemetry/control/telemetry-control.ts');
  await import('../../telemetry/control/metrics-control.ts');
  await import('../../runtime/worker/proxy-parts.ts');
  return (await import('../../app.ts')).startApp;
}
