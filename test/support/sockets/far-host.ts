import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { owned } from '../owned.ts';

const PORT = 8080;
/** 198.18.0.0/15 is for measurements between devices (RFC 2544), so it is nobody's address. Each host gets 4 addresses of it. */
const NETWORKS = 1 << 15;
const DROP = ['iptables', '-I', 'INPUT', '-i', 'far', '-j', 'DROP'] as const;

let hosts = 0;

/**
 * A backend in a network namespace of its own, behind a pair of virtual devices. Its packets can be lost, as by a cable that is cut or a
 * firewall that drops them: nothing refuses or resets a connection. It answers 200 with its name. The namespace is its process's own, so
 * that the kernel removes the namespace, the devices and the rules with the process, however that ends.
 */
export class FarHost {
  readonly address: string;
  readonly #server: ChildProcess;

  private constructor(host: string, server: ChildProcess) {
    this.address = `${host}:${String(PORT)}`;
    this.#server = server;
  }

  /** What this machine lacks for that; undefined when nothing is missing. Leaves nothing behind. */
  static missing(): string | undefined {
    if (process.platform !== 'linux') return 'Linux';
    if (process.getuid?.() !== 0) return 'root';
    if (!isThere('ip')) return 'ip (apt-get install iproute2)';
    if (!isThere('iptables')) return 'iptables (apt-get install iptables)';
    if (!isThere('nsenter')) return 'nsenter (apt-get install util-linux)';
    const works = (script: string): boolean => spawnSync('unshare', ['-n', 'sh', '-c', script]).status === 0;
    if (!works('true')) return 'the right to make network namespaces';
    if (!works('ip link add near type veth peer name far')) return 'devices of type veth';
    if (!works(DROP.join(' '))) return 'iptables that work in a network namespace';
    return undefined;
  }

  /** One that ends with the test. */
  static async start(name: string): Promise<FarHost> {
    hosts += 1;
    const device = `bal${String(process.pid)}-${String(hosts)}`;
    const [near, far] = addresses();
    const server = spawn('unshare', ['-n', process.execPath, '-e', script(name)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const host = owned(new FarHost(far, server));
    // From now on the namespace is there.
    await once(server.stdout, 'data');
    run('ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'far', 'netns', String(server.pid));
    run('ip', 'addr', 'add', `${near}/30`, 'dev', device);
    run('ip', 'link', 'set', device, 'up');
    host.#run('ip', 'addr', 'add', `${far}/30`, 'dev', 'far');
    host.#run('ip', 'link', 'set', 'far', 'up');
    return host;
  }

  /** From now on all packets to it are lost, also those of open connections. */
  swallow(): void {
    this.#run(...DROP);
  }

  /** Ends {@link swallow}. */
  letThrough(): void {
    this.#run('iptables', '-F', 'INPUT');
  }

  async close(): Promise<void> {
    const exit = once(this.#server, 'exit');
    this.#server.kill('SIGKILL');
    await exit;
  }

  /** In its namespace. */
  #run(...command: readonly string[]): void {
    run('nsenter', '-t', String(this.#server.pid), '-n', ...command);
  }
}

/** Of the two ends. Processes that run at the same time begin at different ones. */
function addresses(): readonly [near: string, far: string] {
  const first = ((process.pid * 16 + hosts) % NETWORKS) * 4;
  const at = (index: number): string =>
    `198.${String(18 + (index >> 16))}.${String((index >> 8) & 255)}.${String(index & 255)}`;
  return [at(first + 1), at(first + 2)];
}

/** Its stdin ends with this process, and it with its stdin. */
function script(name: string): string {
  return `
require('node:http')
  .createServer((request, response) => response.end('${name}'))
  .listen(${String(PORT)}, '0.0.0.0', () => console.log('ready'));
process.stdin.on('end', () => process.exit()).resume();
`;
}

function isThere(command: string): boolean {
  return spawnSync(command, ['-V']).error === undefined;
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')}: ${error?.message ?? stderr}`);
}
