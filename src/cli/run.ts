import type { ServeContext } from './command-context.ts';
import { packageVersion } from './package-root.ts';
import { serve } from './serve.ts';

/** `balance run`: the proxy that a config file describes, until a signal ends it. Resolves with the exit code. */
export function run(configFile: string, context: ServeContext): Promise<number> {
  return serve(
    {
      start: async (stopped) => {
        const { startApp } = await import('../app.ts');
        return startApp({ configFile, env: context.env, version: packageVersion(), stopped });
      },
      hangup: 'reload',
    },
    context,
  );
}
