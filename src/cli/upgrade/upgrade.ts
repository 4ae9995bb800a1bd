import { connect } from 'node:net';

import { messageOf, systemCodeOf } from '../../errors.ts';
import { HEALTH_SOCKET, healthPlace } from '../health/health-place.ts';
import { DONE, FAILED, writeUpgradeLine, type AskedUpgrade } from '../health/upgrade-line.ts';
import { READY } from '../health/health-socket.ts';
import type { CommandContext } from '../process/command-context.ts';
import { exitCode } from '../process/exit-code.ts';

/**
 * `balance upgrade`: asks the proxy that runs with the same environment to let a new version take over, and shows what happens. Resolves with
 * the exit code, which is 0 once the new version serves.
 */
export async function upgrade(asked: AskedUpgrade, { env, stdout, stderr }: CommandContext): Promise<number> {
  const place = healthPlace(env);
  if (place === undefined || place.path.startsWith('\0')) {
    stderr.write(
      `balance: ${HEALTH_SOCKET} must be the path of a socket, for balance run and for balance upgrade; or send SIGUSR2 to the proxy\n`,
    );
    return exitCode.usage;
  }
  const socket = connect(place.path);
  const lost = new Promise<string>((resolve) => {
    socket.on('error', (error) => {
      const isAbsent = ['ECONNREFUSED', 'ENOENT'].includes(systemCodeOf(error));
      resolve(isAbsent ? `no proxy runs at ${place.shown}, or it is not up yet` : messageOf(error));
    });
    socket.on('close', () => {
      resolve(`the proxy at ${place.shown} broke off: its log says what happened`);
    });
  });
  socket.write(writeUpgradeLine(asked));
  const outcome = new Promise<string>((resolve) => {
    let rest = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith(DONE) || line.startsWith(FAILED)) resolve(line);
        else if (line !== READY) stdout.write(`${line}\n`);
      }
    });
  });
  const last = await Promise.race([outcome, lost]);
  socket.destroy();
  if (last.startsWith(DONE)) {
    stdout.write(`${last.slice(DONE.length)}\n`);
    return exitCode.ok;
  }
  stderr.write(`balance: ${last.startsWith(FAILED) ? `upgrade ${last}` : last}\n`);
  return exitCode.failed;
}
