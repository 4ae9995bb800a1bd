import { fileURLToPath } from 'node:url';
import type { ServeContext } from './command-context.ts';
import { startDemoBackends } from './demo-backends.ts';
import { demoGuide } from './demo-guide.ts';
import { packageRoot, packageVersion } from '../package-root.ts';
import { serve } from './serve.ts';

/** The ports that config/balance.yaml names. */
const backendPorts = [9001, 9002, 9003];

/** `balance demo`: three embedded backends and the proxy of config/balance.yaml in front of them. Resolves with the exit code. */
export async function demo(context: ServeContext): Promise<number> {
  const configFile = fileURLToPath(new URL('config/balance.yaml', packageRoot()));
  const demoBackends = await startDemoBackends(backendPorts);
  try {
    return await serve(
      {
        start: async (stopped) => {
          const { startApp } = await import('../app.ts');
          return startApp({ configFile, env: context.env, version: packageVersion(), stopped });
        },
        started: (app) => {
          const [proxyAddress = ''] = app.listeners.values();
          const adminAddress = app.adminAddresses[0];
          const { backends } = demoBackends;
          context.stdout.write(demoGuide({ proxyAddress, adminAddress, configFile, backends }));
        },
        hangup: 'stop',
      },
      context,
    );
  } finally {
    await demoBackends.close();
  }
}
