import type {
  Answer,
  FilterHooks,
  FilterHost,
  FilterRequest,
  HttpFilterPlugin,
} from '../../../src/plugin-api/index.ts';
import { BalanceError, messageOf } from '../../../src/errors.ts';
import { NetworkSet } from './network-set.ts';
import { ADDRESS_LIST_SCHEMA, type AddressListOptions } from './options.ts';

/** Lets requests pass or refuses them by the client's address. */
class AddressFilter implements FilterHooks {
  readonly #allowed: FollowedList | undefined;
  readonly #denied: FollowedList;
  readonly #refusal: Answer;

  constructor(allowed: FollowedList | undefined, denied: FollowedList, status: number) {
    this.#allowed = allowed;
    this.#denied = denied;
    this.#refusal = { status, body: 'this address may not use this service\n' };
  }

  request({ clientAddress }: FilterRequest): Answer | undefined {
    const isAllowed = this.#allowed?.set.has(clientAddress) ?? true;
    return isAllowed && !this.#denied.set.has(clientAddress) ? undefined : this.#refusal;
  }
}

/** A list of networks, some of them in files that may change. */
class FollowedList {
  set = new NetworkSet([]);
  readonly #inline: readonly string[];
  readonly #files = new Map<string, readonly string[]>();

  constructor(inline: readonly string[]) {
    this.#inline = inline;
  }

  /** Reads the files, and reads each again when it changes. Rejects when one can't be used. */
  async follow(files: readonly string[], host: FilterHost): Promise<this> {
    for (const file of files) {
      const content = await host.file(file, (changed) => {
        this.#take(file, changed);
      });
      this.#files.set(file, linesOf(content));
    }
    this.set = this.#setOf(this.#files);
    return this;
  }

  #take(file: string, content: Buffer): void {
    const lines = linesOf(content);
    this.set = this.#setOf(new Map(this.#files).set(file, lines));
    this.#files.set(file, lines);
  }

  #setOf(files: ReadonlyMap<string, readonly string[]>): NetworkSet {
    try {
      return new NetworkSet([this.#inline, ...files.values()].flat().filter((network) => network !== ''));
    } catch (error) {
      throw new BalanceError('config_invalid', placeOfMistake(files) ?? messageOf(error), { cause: error });
    }
  }
}

/** The network in each line of a file; '' for a line that has none. */
function linesOf(content: Buffer): readonly string[] {
  return content
    .toString('utf8')
    .split('\n')
    .map((line) => (line.split('#')[0] ?? '').trim());
}

/** The first line that is no network, with what is wrong with it. */
function placeOfMistake(files: ReadonlyMap<string, readonly string[]>): string | undefined {
  for (const [file, lines] of files)
    for (const [index, line] of lines.entries()) {
      try {
        if (line !== '') new NetworkSet([line]);
      } catch (error) {
        return `${file}:${String(index + 1)} ${messageOf(error)}`;
      }
    }
  return undefined;
}

const PLUGIN: HttpFilterPlugin = {
  apiVersion: 2,
  kind: 'http-filter',
  name: 'address-list',
  configSchema: ADDRESS_LIST_SCHEMA,
  async provision(options, host) {
    const {
      allow,
      deny,
      allow_files: allowFiles,
      deny_files: denyFiles,
      status,
    } = options as AddressListOptions;
    const isLimited = allow !== undefined || allowFiles !== undefined;
    const allowed = isLimited
      ? await new FollowedList(allow ?? []).follow(allowFiles ?? [], host)
      : undefined;
    return new AddressFilter(allowed, await new FollowedList(deny).follow(denyFiles, host), status);
  },
};

export default PLUGIN;
