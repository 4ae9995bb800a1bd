import type { App } from '../../app.ts';
import type { ServeContext } from '../process/command-context.ts';
import { loadApp } from '../process/load-app.ts';
import { healthPlace } from '../health/health-place.ts';
import { HealthSocket } from '../health/health-socket.ts';
import { packageVersion } from '../../package-root.ts';
import { serve } from './serve.ts';

/** `balance run`: the proxy that a config file describes, until a signal ends it. Resolves with the exit code. */
export async function run(configFile: string, context: ServeContext): Promise<number> {
  const place = healthPlace(context.env);
  let health: HealthSocket | undefined;
  const started = (app: App): void => {
    if (place !== undefined) health = new HealthSocket(place, app);
  };
  try {
    return await serve(
      {
        start: async (stopped) => {
          const startApp = await loadApp();
          return startApp({ configFile, env: context.env, version: packageVersion(), stopped });
        },
        started,
        hangup: 'reload',
      },
      context,
    );
  } finally {
    await health?.close();
  }
}
