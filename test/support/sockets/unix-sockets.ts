import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

import { ByteSocket } from './byte-socket.ts';

export async function connectUnix(path: string): Promise<ByteSocket> {
  const socket = connect({ path, allowHalfOpen: true });
  await once(socket, 'connect');
  return new ByteSocket(socket);
}

/** Leaves a socket file behind, as a process does that is killed. */
export async function killedSocketFile(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(process.argv[1], () => process.stdout.write('up'))`;
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}
