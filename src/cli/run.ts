import type { CommandContext } from './command-context.ts';
import { packageVersion } from './package-root.ts';
import { serve } from './serve.ts';

/** `balance run`: the proxy that a config file describes, until a signal ends it. Resolves with the exit code. */
export async function run(configFile: string, context: CommandContext): Promise<number> {
  const { startApp } = await import('../app.ts');
  return serve(
    { start: () => startApp({ configFile, env: context.env, version: packageVersion() }), hangup: 'reload' },
    context,
  );
}
