import { describe, expect, it } from 'vitest';

import type { Config } from '../../../../src/config/schema/config.generated.ts';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { problemsOf, warningsOf, yaml } from '../problems-of.ts';

const upstreams = 'upstreams: [{ name: up, backends: [{ address: "a:1" }] }]\n';

describe('an upstream that only routes by host name use', () => {
  it('is used, whatever the mode of the listener is', () => {
    const text = yaml`
      listeners:
        - listen: ":1"
          mode: tcp
          tls: { sni: { routes: { a.test: up } } }
    `;
    expect(warningsOf(`${text}\n${upstreams}`)).toEqual([]);
    // Of other modes a listener needs a certificate, or the mode has nothing to do.
    const plugin = text
      .replace('mode: tcp', 'mode: echo')
      .replace('tls: { sni', 'tls: { cert_file: a, key_file: b, sni');
    expect(warningsOf(`${plugin}\n${upstreams}`)).toEqual([]);
  });

  it('is used as the default too', () => {
    const text = 'listeners: [{ listen: ":1", mode: tcp, tls: { sni: { default: up } } }]\n';
    expect(warningsOf(`${text}${upstreams}`)).toEqual([]);
  });

  it('must balance by what TCP knows', () => {
    const text = yaml`
      listeners: [{ listen: ":1", mode: tcp, tls: { sni: { routes: { a.test: up } } } }]
      upstreams:
        - name: up
          backends: [{ address: "a:1" }]
          load_balancer: { algorithm: consistent-hash, hash_key: header:X-User }
    `;
    expect(problemsOf(text)).toEqual([expect.stringMatching(/load_balancer\.hash_key must be source-ip/)]);
  });
});

describe('a listener in mode tcp', () => {
  it('needs no upstream of its own when it decrypts nothing', () => {
    expect(
      problemsOf(
        `listeners: [{ listen: ":1", mode: tcp, tls: { sni: { routes: { a.test: up } } } }]\n${upstreams}`,
      ),
    ).toEqual([]);
  });

  it('needs one without routes by host name', () => {
    expect(problemsOf(`listeners: [{ listen: ":1", mode: tcp }]\n${upstreams}`)).toEqual([
      'x.yaml:1:13 listeners[0] must have the key upstream in mode tcp',
    ]);
  });
});

describe('upstreams that are made for routes with addresses', () => {
  const listener = (port: number, routes: string): string =>
    `  - { listen: ":${port}", mode: tcp, tls: { sni: { ${routes} } } }\n`;
  const made = (...lines: readonly string[]) =>
    loadConfigText(`listeners:\n${lines.join('')}${upstreams}`, 'x.yaml', { modes: ['tcp'] }).config;
  const targets = (config: Config): string[] =>
    config.listeners.flatMap(({ tls }) => tls?.sni?.routes.map(({ upstream }) => upstream) ?? []);

  it('are shared by listeners that pass a name on to the same servers, and differ where those do', () => {
    const config = made(
      listener(1, 'routes: { A.test: ["10.0.0.1:443"] }'),
      listener(2, 'routes: { a.test: ["10.0.0.1:443"] }'),
      listener(3, 'routes: { a.test: ["10.0.0.2:443"] }'),
    );
    expect(targets(config)).toEqual(['sni:a.test', 'sni:a.test', 'sni:a.test#2']);
    expect(config.upstreams.map(({ name, backends }) => [name, backends[0]?.address])).toEqual([
      ['up', 'a:1'],
      ['sni:a.test', '10.0.0.1:443'],
      ['sni:a.test#2', '10.0.0.2:443'],
    ]);
  });

  it('may be of one address without a list, and of the default', () => {
    const config = made(listener(1, 'routes: { a.test: "10.0.0.1:443" }, default: ["10.0.0.9:443"]'));
    expect(config.listeners[0]?.tls?.sni).toEqual({
      routes: [{ name: 'a.test', upstream: 'sni:a.test' }],
      default: 'sni:default',
    });
  });

  it.each([
    [
      'routes: { a.test: upp }',
      'x.yaml:2:58 listeners[0].tls.sni.routes["a.test"] names the upstream "upp", which does not exist; did you mean "up"?',
    ],
    [
      'routes: { a.test: nothing-like-it }',
      'x.yaml:2:58 listeners[0].tls.sni.routes["a.test"] names the upstream "nothing-like-it", which does not exist; to name a server, write its address with the port, as in 10.0.0.1:443',
    ],
    [
      'routes: { a.test: up, A.TEST.: up }',
      'x.yaml:2:70 listeners[0].tls.sni.routes["A.TEST."] is the same name as "a.test"',
    ],
    [
      'routes: { a.test: [] }',
      'x.yaml:2:58 listeners[0].tls.sni.routes["a.test"] must have at least one item',
    ],
  ])('%s is refused', (routes, problem) => {
    const [line] = problemsOf(`listeners:\n${listener(1, routes)}${upstreams}`);
    expect(line?.replace(/:2:\d+/, ':2')).toBe(problem.replace(/:2:\d+/, ':2'));
  });
});
