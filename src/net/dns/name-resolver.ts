import { hostname } from 'node:os';
import { isIP } from 'node:net';

import { isEqual } from '../../config/values/is-equal.ts';
import type { Logger } from '../../plugin-api/index.ts';
import { AddressRotation } from './address-rotation.ts';
import { CaresClient, type DnsClient, type DnsClientSettings } from './sources/dns-client.ts';
import { FollowedFile } from './sources/followed-file.ts';
import type { HeldName, HostNames } from './host-names.ts';
import { localAddresses, parseHosts, type HostsTable } from './sources/hosts-file.ts';
import { logNameChange } from './log-name-change.ts';
import { NameRecord, type Answered, type RecordContext, type RecordView } from './name-record.ts';
import { parseResolvConf, type ResolvConf, searchNames } from './sources/resolv-conf.ts';
import {
  DEFAULT_ATTEMPTS,
  DEFAULT_RESOLVER_SETTINGS,
  DEFAULT_TIMEOUT_MS,
  type ResolverSettings,
} from './resolver-settings.ts';
import { StartWindow } from './start-window.ts';

/** A name that nobody holds is forgotten when nobody has asked for it for so long. */
const KEEP_UNHELD_MS = 600_000;
/** How often such names are searched for. To search at each new name would be slow: an edit may bring thousands of names. */
const LOOK_FOR_UNHELD_MS = 60_000;

export interface NameResolverOptions {
  readonly logger: Logger;
  /** Default: `/etc/hosts`. */
  readonly hostsFile?: string;
  /** Default: `/etc/resolv.conf`. */
  readonly resolvConfFile?: string;
  /** Makes the client that asks name servers. Default: a client over c-ares. */
  readonly makeClient?: (settings: DnsClientSettings) => DnsClient;
  /** Returns a random number in [0, 1), for the times of refreshes. Default: `Math.random`. */
  readonly chance?: () => number;
}

/**
 * Finds the addresses of all hosts that the proxy connects to or binds. It does not use Node's thread pool, where one silent name
 * server would delay all other work. Names of the hosts file and `localhost` never wait for a server. `resolv.conf` is read as the C
 * library reads it. There is one record for each name. All names come from the config, so their number is limited.
 */
export class NameResolver implements HostNames, RecordContext {
  readonly window = new StartWindow();
  readonly chance: () => number;
  settings: ResolverSettings = DEFAULT_RESOLVER_SETTINGS;
  readonly #logger: Logger;
  readonly #makeClient: (settings: DnsClientSettings) => DnsClient;
  readonly #records = new Map<string, NameRecord>();
  readonly #hostsFile: FollowedFile;
  readonly #resolvConfFile: FollowedFile;
  #hosts: HostsTable;
  #resolvConf: ResolvConf;
  #client: DnsClient | undefined;
  #clientSettings: DnsClientSettings;
  #lookedForUnheldMs = performance.now();
  #isClosed = false;

  constructor(options: NameResolverOptions) {
    this.#logger = options.logger;
    this.chance = options.chance ?? Math.random;
    this.#makeClient = options.makeClient ?? ((settings) => new CaresClient(settings));
    this.#hostsFile = new FollowedFile(options.hostsFile ?? '/etc/hosts', () => {
      this.#readHosts();
    });
    this.#resolvConfFile = new FollowedFile(options.resolvConfFile ?? '/etc/resolv.conf', () => {
      this.#readResolvConf();
    });
    this.#hosts = parseHosts(this.#hostsFile.text);
    this.#resolvConf = parseResolvConf(this.#resolvConfFile.text, hostname());
    this.#clientSettings = this.#wantedClient();
  }

  /** The name servers, as the config or `resolv.conf` gives them. */
  get servers(): readonly string[] {
    return this.#clientSettings.servers;
  }

  /** Uses these settings from now on. When the servers change, running look-ups begin again. */
  configure(settings: ResolverSettings): void {
    this.settings = settings;
    this.#useServers();
  }

  lookUp(host: string, answered: Answered): () => void {
    if (isIP(host) !== 0) {
      answered([host], undefined);
      return () => undefined;
    }
    return this.#record(host).ask(answered);
  }

  turns(host: string, port: number): AddressRotation {
    return isIP(host) === 0 ? this.#record(host).turns(port) : new AddressRotation();
  }

  hold(host: string, changed: () => void, ended?: () => void): HeldName {
    const record = this.#record(host);
    const release = record.hold({ changed, ended });
    return {
      record,
      release: () => {
        release();
        if (record.isUnused) this.#forget(record);
      },
    };
  }

  /** All names that are held or were asked for lately. */
  records(): readonly NameRecord[] {
    this.#forgetUnused();
    return [...this.#records.values()];
  }

  /** Ends all look-ups, so that none of them keeps the process alive. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#hostsFile.close();
    this.#resolvConfFile.close();
    this.#client?.close();
    for (const record of this.#records.values()) record.close('the proxy ends');
  }

  /** Made when it is first needed: most configs need no name server. */
  get client(): DnsClient {
    return (this.#client ??= this.#makeClient(this.#clientSettings));
  }

  local(host: string): readonly string[] | undefined {
    return localAddresses(host, this.#hosts);
  }

  namesOf(host: string): readonly string[] {
    return searchNames(host, this.#resolvConf);
  }

  changed(record: NameRecord, before: RecordView): void {
    logNameChange(record, before, this.#logger, this.servers);
  }

  #record(host: string): NameRecord {
    const name = host.toLowerCase();
    let record = this.#records.get(name);
    if (record === undefined) {
      this.#forgetUnused();
      record = new NameRecord(name, this);
      if (this.#isClosed) record.close('the proxy ends');
      this.#records.set(name, record);
    }
    return record;
  }

  #forgetUnused(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedForUnheldMs < LOOK_FOR_UNHELD_MS) return;
    this.#lookedForUnheldMs = nowMs;
    for (const record of this.#records.values())
      if (record.isUnused && nowMs - record.lastAskedMs > KEEP_UNHELD_MS) this.#forget(record);
  }

  /** Forgets a record and ends its look-up, which could only cause a log line about a name that the config no longer has. */
  #forget(record: NameRecord): void {
    record.close('nobody uses the name any more');
    // The name may have a newer record: an edit may have removed it and another edit added it again.
    if (this.#records.get(record.host) === record) this.#records.delete(record.host);
  }

  #readHosts(): void {
    this.#hosts = parseHosts(this.#hostsFile.text);
    this.#logger.info('hosts file was read again', { names: this.#hosts.size });
    for (const record of this.#records.values()) record.hostsChanged();
  }

  #readResolvConf(): void {
    const { search, ndots } = this.#resolvConf;
    this.#resolvConf = parseResolvConf(this.#resolvConfFile.text, hostname());
    const isSearchNew = !isEqual({ search, ndots }, pickSearch(this.#resolvConf));
    this.#logger.info('resolv.conf was read again', {
      servers: this.#resolvConf.servers.join(' '),
      search: this.#resolvConf.search.join(' '),
    });
    this.#useServers(isSearchNew);
  }

  #useServers(mustAskAnew = false): void {
    const wanted = this.#wantedClient();
    const isSame = isEqual(wanted, this.#clientSettings);
    if (isSame && !mustAskAnew) return;
    if (!isSame) {
      this.#clientSettings = wanted;
      this.#client?.close();
      this.#client = undefined;
    }
    for (const record of this.#records.values()) record.serversChanged();
  }

  #wantedClient(): DnsClientSettings {
    const { servers, timeoutMs, attempts } = this.settings;
    const system = this.#resolvConf;
    return {
      servers: servers ?? system.servers,
      timeoutMs: timeoutMs ?? system.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      attempts: attempts ?? system.attempts ?? DEFAULT_ATTEMPTS,
      rotate: system.rotate,
    };
  }
}

function pickSearch({ search, ndots }: ResolvConf): Pick<ResolvConf, 'search' | 'ndots'> {
  return { search, ndots };
}
