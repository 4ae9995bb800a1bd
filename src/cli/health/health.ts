import { connect } from 'node:net';
import { messageOf, systemCodeOf } from '../../errors.ts';
import type { CommandContext } from '../process/command-context.ts';
import { exitCode } from '../process/exit-code.ts';
import { HEALTH_SOCKET, healthPlace, type HealthPlace } from './health-place.ts';
import { READY } from './health-socket.ts';

/** Set to the URL of an admin server's `/ready`, the command asks there instead. The image did so before there was a socket. */
const READY_URL = 'BALANCE_READY_URL';
/** Container runtimes end a health check after some seconds. The command gives its reason before that. */
const LIMIT_MS = 2_000;

/**
 * `balance health`: asks the proxy that runs in the same container, or with the same environment, whether it is ready. Resolves
 * with the exit code, which is 0 for a proxy that is ready.
 */
export async function health({ env, stdout, stderr }: CommandContext): Promise<number> {
  const url = env[READY_URL];
  const place = healthPlace(env);
  if (url === undefined && place === undefined) {
    stderr.write(
      `balance: ${HEALTH_SOCKET} is not set: set it for balance run and for balance health, to @balance or to the path of a socket\n`,
    );
    return exitCode.usage;
  }
  const answer = await (url === undefined ? askSocket(place) : askUrl(url));
  if (answer !== READY) {
    stderr.write(`balance: ${answer}\n`);
    return exitCode.failed;
  }
  stdout.write(`${READY}\n`);
  return exitCode.ok;
}

function askSocket(place: HealthPlace | undefined): Promise<string> {
  if (place === undefined) return Promise.resolve('no socket');
  return new Promise((resolve) => {
    const socket = connect({ path: place.path });
    let text = '';
    const finish = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.setTimeout(LIMIT_MS, () => finish(`the proxy does not answer at ${place.shown}: it is stuck`));
    socket.on('data', (part: string) => {
      text += part;
      if (text.includes('\n') || text.length > 200) finish(text.trim());
    });
    socket.on('end', () => finish(`the proxy broke off its answer at ${place.shown}`));
    socket.on('error', (error) => {
      const isAbsent = ['ECONNREFUSED', 'ENOENT'].includes(systemCodeOf(error));
      finish(isAbsent ? `no proxy runs at ${place.shown}, or it is not up yet` : messageOf(error));
    });
  });
}

async function askUrl(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
    await response.body?.cancel();
    return response.status === 200 ? READY : `${url} answers ${String(response.status)}`;
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown.cause : undefined;
    return `${url}: ${messageOf(cause ?? thrown)}`;
  }
}
