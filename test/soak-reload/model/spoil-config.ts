import type { SeededRandom } from '../../support/seeded-random.ts';
import type { ConfigModel } from './config-model.ts';
import { renderConfig, type Places } from './render-config.ts';

/** A text that is no config, and what is wrong with it. */
export interface SpoiledConfig {
  readonly text: string;
  readonly what: string;
}

type Spoil = (text: string, random: SeededRandom, model: ConfigModel, places: Places) => string;

/** A config that must change nothing: as YAML, by the schema, or by what its parts mean together. */
export function spoilConfig(model: ConfigModel, random: SeededRandom, places: Places): SpoiledConfig {
  const [what, spoil] = random.pick(Object.entries(SPOILS));
  const good = renderConfig(model, places);
  const text = spoil(good, random, model, places);
  if (text === good) throw new Error(`"${what}" spoils nothing`);
  return { text, what };
}

const replaced =
  (what: string | RegExp, by: string): Spoil =>
  (text) =>
    text.replace(what, by);
const appended =
  (line: string): Spoil =>
  (text) =>
    `${text}${line}\n`;

const SPOILS: Readonly<Record<string, Spoil>> = {
  'an empty file': () => '',
  'nothing but blanks': () => '\n  \n',
  'nothing but a comment': (_, random) => `# later ${random.between(1, 1_000)}\n`,
  'a part of the file': (text, random) => text.slice(0, random.between(20, text.length - 4)),
  'another text': () => 'Dear editor, this is no config.\n',
  'a list': () => '- listeners\n- upstreams\n',
  'bytes of no text': (text) => `${text.slice(0, 40)}\u0000\u0001\u0002${text.slice(40)}`,
  'an open bracket': replaced(/\n\]\n$/, '\n'),
  'a tab as indentation': replaced('\n  - name:', '\n\t- name:'),
  'a key twice': appended('listeners: []'),
  'two documents': (text) => `${text}---\n${text}`,
  'an unknown key': appended('listenrs: []'),
  'an unknown key inside': replaced('load_balancer: {', 'load_balancer: { weight: 3,'),
  'an unknown algorithm': replaced(/algorithm: [a-z-]+/, 'algorithm: fairest'),
  'a weight below 0': replaced('{ name: raw,', '{ name: raw, max_connections: -1,'),
  'a text for a number': replaced('{ name: raw,', '{ name: raw, max_connections: many,'),
  'a wrong duration': replaced(/idle: \d+m/, 'idle: 5 fortnights'),
  'a wrong address': replaced(/listen: '127\.0\.0\.1:\d+'/, "listen: '127.0.0.1:99999'"),
  'an unknown protocol': replaced('mode: tcp', 'mode: gopher'),
  'an unknown log level': replaced(/^logging: .*$/m, 'logging: { level: chatty }'),
  'a listener without its upstream': replaced(/mode: tcp, upstream: [^,]+,/, 'mode: tcp, upstream: nowhere,'),
  'a listener twice': (text, _random, { web }) => text.replace('name: raw,', `name: ${web.name},`),
  'an address twice': (text, _random, _model, { web, raw }) =>
    text.replace(`127.0.0.1:${raw}'`, `127.0.0.1:${web}'`),
  // One that stands in this file: those beside it may not be written yet.
  'an upstream twice': replaced(
    /(upstreams: \[\n)(\s*\{\s*name: ([^,]+),)/,
    '$1  { name: $3, backends: [] },\n$2',
  ),
  'a variable that nobody knows': replaced('${route}.', '${rout}.'),
  'a header that is none': replaced('name: X-Backend', 'name: "X Backend"'),
  'an error page for success': replaced(
    '    http:\n',
    '    http:\n      error_pages: [{ statuses: [200], body: no }]\n',
  ),
  'a route to nowhere': (text, _random, { web }) =>
    web.routes.length > 0
      ? text.replace(/(- \{ name: r.*), upstream: [^,]+/, '$1, upstream: nowhere')
      : text.replace('    http:\n', '    http:\n      routes: [{ name: r, upstream: nowhere }]\n'),
  'an address that somebody else has': (text, _random, { extras }, places) =>
    text.replace(
      /\n {2}- name: /,
      `\n  - { name: taken-${extras.length}, listen: '${places.servers.get('H0') ?? ''}', mode: tcp, upstream: main }\n  - name: `,
    ),
};
