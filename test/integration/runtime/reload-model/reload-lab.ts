import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePorts } from '../../../support/addresses/free-ports.ts';
import { LocalTarget } from '../../../soak-reload/target/local-target.ts';
import { echoing } from '../../../support/peers/backends.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { get, type Answer } from '../../../support/peers/http-talk.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { ModelBackend } from './model-backend.ts';
import { PREFIXES, RAW_SERVERS, WEB_SERVERS, type Plan } from './reload-model.ts';

/** The real thing: a proxy in this process, servers, and the connections that the test holds open. */
export class ReloadLab {
  readonly web = new Map<string, ModelBackend>();
  readonly raw = new Map<string, RecordingBackend>();
  /** By the handles that the model gave out. */
  readonly open = new Map<number, ByteSocket>();
  /** A connection that is kept over all edits. */
  readonly webAddress: string;
  readonly rawAddress: string;
  readonly #directory: string;
  readonly #adminAddress: string;
  #target: LocalTarget | undefined;
  #kept: ByteSocket | undefined;
  #text = '';

  private constructor(directory: string, ports: readonly number[]) {
    this.#directory = directory;
    [this.webAddress = '', this.rawAddress = '', this.#adminAddress = ''] = ports.map(
      (port) => `127.0.0.1:${port}`,
    );
  }

  static async start(plan: Plan): Promise<ReloadLab> {
    const lab = new ReloadLab(await mkdtemp(join(tmpdir(), 'balance-model-')), await freePorts(3));
    for (const name of WEB_SERVERS) lab.web.set(name, await ModelBackend.start(name));
    for (const name of RAW_SERVERS) lab.raw.set(name, await RecordingBackend.start(echoing(name)));
    lab.#text = lab.#config(plan, 0);
    await writeFile(lab.#file, lab.#text);
    lab.#target = await LocalTarget.start(lab.#file, join(lab.#directory, 'balance.log'));
    return lab;
  }

  /** Makes a plan live under that number, or throws. */
  async edit(plan: Plan, marker: number): Promise<void> {
    this.#text = this.#config(plan, marker);
    const { ok, message } = await this.#reload(this.#text);
    if (!ok) throw new Error(`edit ${marker} was refused: ${message}`);
  }

  /** Writes what must be refused, and puts back what was there. */
  async badEdit(spoil: (text: string) => string): Promise<void> {
    const { ok } = await this.#reload(spoil(this.#text));
    if (ok) throw new Error('a bad edit was taken');
    await writeFile(this.#file, this.#text);
  }

  /** On the kept connection, or on one of its own. */
  async get(path: string, isKept: boolean): Promise<Answer> {
    if (!isKept) {
      const socket = await ByteSocket.connect(this.webAddress);
      const answer = await get(socket, path);
      socket.close();
      return answer;
    }
    this.#kept ??= await ByteSocket.connect(this.webAddress);
    return get(this.#kept, path);
  }

  async connect(address: string): Promise<ByteSocket> {
    return ByteSocket.connect(address);
  }

  async untilDraining(most: number): Promise<void> {
    await eventually(async () => (await this.#draining()) <= most, `at most ${most} generations drain`);
  }

  async close(): Promise<void> {
    for (const socket of this.open.values()) socket.close();
    this.#kept?.close();
    await this.#target?.stop();
    for (const server of [...this.web.values(), ...this.raw.values()]) await server.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  get #file(): string {
    return join(this.#directory, 'balance.yaml');
  }

  async #draining(): Promise<number> {
    return (await this.#running.sample()).draining;
  }

  async #reload(text: string): Promise<{ ok: boolean; message: string }> {
    await writeFile(this.#file, text);
    return this.#running.reload();
  }

  get #running(): LocalTarget {
    if (this.#target === undefined) throw new Error('the proxy does not run');
    return this.#target;
  }

  #config({ one, two, routes, raw, rawServers }: Plan, marker: number): string {
    const web = (names: readonly string[]): string =>
      names.map((name) => `{ name: ${name}, address: '${this.web.get(name)?.address ?? ''}' }`).join(', ');
    const echoes = rawServers.map(
      (name) => `{ name: ${name}, address: '${this.raw.get(name)?.address ?? ''}' }`,
    );
    const entries = PREFIXES.flatMap((prefix) => {
      const upstream = routes[prefix];
      return upstream === undefined ? [] : [`{ path_prefix: ${prefix}, upstream: ${upstream} }`];
    });
    const http = `http: { transform: { response_headers: [{ action: set, name: X-Marker, value: '${marker}' }] }, routes: [${entries.join(', ')}] }`;
    const rawListener = {
      tcp: `  - { name: raw, listen: '${this.rawAddress}', mode: tcp, upstream: echoes }\n`,
      http: `  - { name: raw, listen: '${this.rawAddress}', mode: http, upstream: one, ${http} }\n`,
      absent: '',
    }[raw];
    return `listeners:
  - { name: web, listen: '${this.webAddress}', mode: http, upstream: one, ${http} }
${rawListener}upstreams:
  - { name: one, backends: [${web(one)}] }
  - { name: two, backends: [${web(two)}] }
  - { name: echoes, backends: [${echoes.join(', ')}] }
admin: { listen: '${this.#adminAddress}' }
reload: { watch: false }
logging: { access_log: false }
`;
  }
}
