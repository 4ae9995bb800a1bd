import fc from 'fast-check';
import { expect } from 'vitest';

import type { ReloadLab } from './reload-lab.ts';
import {
  PREFIXES,
  RAW_SERVERS,
  WEB_SERVERS,
  type Plan,
  type Prefix,
  type ReloadModel,
  type WebUpstream,
} from './reload-model.ts';

export type Command = fc.AsyncCommand<ReloadModel, ReloadLab>;

/** An edit that must be live when the reload says so. */
class Edit implements Command {
  readonly #what: string;
  readonly #change: Partial<Plan>;

  constructor(what: string, change: Partial<Plan>) {
    this.#what = what;
    this.#change = change;
  }

  check(): boolean {
    return true;
  }

  async run(model: ReloadModel, lab: ReloadLab): Promise<void> {
    await lab.edit(this.plan(model), model.marker + 1);
    model.swap(this.plan(model));
  }

  plan(model: ReloadModel): Plan {
    return { ...model.plan, ...this.#change };
  }

  toString(): string {
    return this.#what;
  }
}

class RouteEdit extends Edit {
  readonly #prefix: Prefix;
  readonly #upstream: WebUpstream | undefined;

  constructor(prefix: Prefix, upstream: WebUpstream | undefined) {
    super(`route ${prefix} to ${upstream ?? 'nothing of its own'}`, {});
    this.#prefix = prefix;
    this.#upstream = upstream;
  }

  override plan({ plan }: ReloadModel): Plan {
    return { ...plan, routes: { ...plan.routes, [this.#prefix]: this.#upstream } };
  }
}

/** An edit while requests run: each answer is of the config before it or behind it, wholly. */
class EditUnderRequests implements Command {
  readonly #edit: Edit;
  readonly #paths: readonly string[];

  constructor(edit: Edit, paths: readonly string[]) {
    this.#edit = edit;
    this.#paths = paths;
  }

  check(): boolean {
    return true;
  }

  async run(model: ReloadModel, lab: ReloadLab): Promise<void> {
    const before = { marker: model.marker, plan: model.plan };
    const answers = Promise.all(this.#paths.map((path) => lab.get(path, false)));
    await this.#edit.run(model, lab);
    for (const [at, answer] of (await answers).entries()) {
      const path = this.#paths[at] ?? '';
      const marker = Number(markerOf(answer.message.lines));
      expect([before.marker, model.marker], String(this)).toContain(marker);
      const after = { marker: model.marker, plan: model.plan };
      const upstream = upstreamUnder(marker === before.marker ? before.plan : after.plan, path);
      const [server = ''] = answer.body.split(' ');
      expect(upstream, String(this)).toContain(server);
      // All at once, so each may have had a socket of its own.
      model.allowedSockets.set(server, (model.allowedSockets.get(server) ?? 0) + 1);
    }
  }

  toString(): string {
    return `${String(this.#edit)} while ${this.#paths.join(' and ')} are asked for`;
  }
}

/** One that must change nothing. */
class BadEdit implements Command {
  readonly #what: string;
  readonly #spoil: (text: string) => string;

  constructor([what, spoil]: readonly [string, (text: string) => string]) {
    this.#what = what;
    this.#spoil = spoil;
  }

  check(): boolean {
    return true;
  }

  async run(_model: ReloadModel, lab: ReloadLab): Promise<void> {
    await lab.badEdit(this.#spoil);
  }

  toString(): string {
    return `bad edit: ${this.#what}`;
  }
}

const SPOILS: readonly (readonly [string, (text: string) => string])[] = [
  ['no YAML', (text) => `${text}]`],
  ['an empty file', () => ''],
  ['half a file', (text) => text.slice(0, text.indexOf('upstreams:') + 30)],
  ['an unknown key', (text) => `${text}colour: blue\n`],
  ['a route to nowhere', (text) => text.replaceAll('upstream: one', 'upstream: none')],
  ['an unknown protocol', (text) => text.replace('mode: http', 'mode: carrier-pigeon')],
  // Found only when everything else is built: what was built must go again.
  [
    'an address in use',
    (text) => text.replace(/admin: \{ listen: '[^']*' \}/, `admin: { listen: '${addressOfA(text)}' }`),
  ],
];

function addressOfA(text: string): string {
  return /name: [ABCD], address: '([^']+)'/.exec(text)?.[1] ?? '';
}

function markerOf(lines: readonly string[]): string | undefined {
  return lines.find((line) => line.startsWith('X-Marker: '))?.slice('X-Marker: '.length);
}

function upstreamUnder(plan: Plan, path: string): readonly string[] {
  const prefix = PREFIXES.find((one) => path.startsWith(one));
  return plan[(prefix === undefined ? undefined : plan.routes[prefix]) ?? 'one'];
}

const webServers = fc.subarray([...WEB_SERVERS], { minLength: 1 });

const edit: fc.Arbitrary<Edit> = fc.oneof(
  webServers.map((one) => new Edit(`one is ${one.join('')}`, { one })),
  webServers.map((two) => new Edit(`two is ${two.join('')}`, { two })),
  fc
    .subarray([...RAW_SERVERS], { minLength: 1 })
    .map((rawServers) => new Edit(`echoes is ${rawServers.join('')}`, { rawServers })),
  fc
    .constantFrom('tcp' as const, 'http' as const, 'absent' as const)
    .map((raw) => new Edit(`raw is ${raw}`, { raw })),
  fc
    .tuple(fc.constantFrom(...PREFIXES), fc.constantFrom('one' as const, 'two' as const, undefined))
    .map(([prefix, upstream]) => new RouteEdit(prefix, upstream)),
  fc.constant(new Edit('a new number alone', {})),
);

export const editCommands: readonly fc.Arbitrary<Command>[] = [
  edit,
  edit,
  fc
    .tuple(edit, fc.array(fc.constantFrom('/', '/a', '/b/c'), { minLength: 1, maxLength: 4 }))
    .map(([one, paths]) => new EditUnderRequests(one, paths)),
  fc.constantFrom(...SPOILS).map((spoil) => new BadEdit(spoil)),
];
