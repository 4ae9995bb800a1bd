import type { ServeContext } from '../process/command-context.ts';
import { loadApp } from '../process/load-app.ts';
import { startDemoBackends, type DemoBackends } from './demo-backends.ts';
import { demoConfig } from './demo-config.ts';
import { demoGuide } from './demo-guide.ts';
import { packageRoot, packageVersion } from '../../package-root.ts';
import { serve } from '../run/serve.ts';

/**
 * `balance demo`: starts three backends in this process, and the proxy of config/balance.yaml in front of them. When one of their
 * ports is taken, it runs a copy of that file with other ports. Resolves with the exit code.
 */
export async function demo(context: ServeContext): Promise<number> {
  const config = await demoConfig(new URL('config/balance.yaml', packageRoot()));
  const { file: configFile, moved } = config;
  let demoBackends: DemoBackends | undefined;
  try {
    const { backends } = (demoBackends = await startDemoBackends(config.backendPorts));
    return await serve(
      {
        start: async (stopped) => {
          const startApp = await loadApp();
          return startApp({
            configFile,
            env: context.env,
            version: packageVersion(),
            stopped,
            upgradeRefusal: 'this is the demo: end it (Ctrl-C), and start it again',
          });
        },
        started: (app) => {
          const [proxyAddress = ''] = app.listeners.values();
          const adminAddress = app.adminAddresses[0];
          context.stdout.write(demoGuide({ proxyAddress, adminAddress, configFile, backends, moved }));
        },
        hangup: 'stop',
      },
      context,
    );
  } finally {
    await demoBackends?.close();
    await config.remove();
  }
}
