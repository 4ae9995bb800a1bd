import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/config/load/config-error.ts';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { problemsOf } from '../problems-of.ts';

const load = (text: string, env: Record<string, string> = {}) =>
  loadConfigText(text, 'x.yaml', { env, modes: ['http', 'tcp'] }).config;

describe('environment substitution', () => {
  it('puts a variable into any part of a value', () => {
    const config = load('backends: [{ address: "${env:HOST}:${env:PORT}" }]', { HOST: 'api', PORT: '81' });
    expect(config.upstreams[0]?.backends[0]?.address).toBe('api:81');
  });

  it('takes the default when the variable is unset or empty', () => {
    const text = 'backends: []\nlogging: { level: "${env:LEVEL:-debug}" }';
    expect(load(text).logging.level).toBe('debug');
    expect(load(text, { LEVEL: '' }).logging.level).toBe('debug');
    expect(load(text, { LEVEL: 'warn' }).logging.level).toBe('warn');
  });

  it('takes a default with colons, and an empty one', () => {
    expect(load('listen: ${env:L:-127.0.0.1:80}\nbackends: []').listeners[0]?.address).toBe('127.0.0.1:80');
    expect(load('listen: "${env:HOST:-}:80"\nbackends: []').listeners[0]?.address).toBe(':80');
  });

  it('reads a plain value again, so that numbers and booleans work', () => {
    const text =
      'backends: [{ address: a:1 }]\nconnection_pool:\n  max_size: ${env:SIZE}\n  enabled: ${env:ON:-false}';
    expect(load(text, { SIZE: '0x10' }).upstreams[0]?.connection_pool).toMatchObject({
      max_size: 16,
      enabled: false,
    });
  });

  it('never turns a value into a list, a mapping, an alias or a comment', () => {
    for (const value of ['[a]', '{a: 1}', '*a', 'x # y', 'a: b', '- a', '!!int 5', '"q"']) {
      const config = load('listen: ":1"\nbackends: [{ address: a:1 }]\ntracing:\n  service_name: ${env:V}', {
        V: value,
      });
      expect(config.tracing?.service_name).toBe(value);
    }
  });

  it('keeps a quoted value text', () => {
    const config = load('backends: []\ntracing: { service_name: "${env:V}" }', { V: '5' });
    expect(config.tracing?.service_name).toBe('5');
  });

  it('gives a value that is a variable and nothing else the type that its key wants', () => {
    const text = (value: string) =>
      `backends: [{ address: "a:1", weight: "${value}" }]\ntracing:\n  service_name: ${value}\n`;
    for (const number of ['5', '007', '0x10', '1e1']) {
      const { upstreams, tracing } = load(text('${env:V}'), { V: number });
      expect(upstreams[0]?.backends[0]?.weight).toBe(number === '007' ? 7 : Number(number));
      expect(tracing?.service_name).toBe(number);
    }
    expect(load(text('${env:V:-3}')).upstreams[0]?.backends[0]?.weight).toBe(3);
    const quoted = 'backends: []\nconnection_pool: { enabled: "${env:ON}", max_size: "${env:MAX}" }';
    expect(load(quoted, { ON: 'false', MAX: '9' }).upstreams[0]?.connection_pool).toMatchObject({
      enabled: false,
      max_size: 9,
    });
    expect(problemsOf(quoted, { env: { ON: 'perhaps', MAX: '9' } })).toEqual([
      'x.yaml:2:29 connection_pool.enabled must be true or false',
    ]);
    // A part of a value is text, and so is what stands in quotes without a variable.
    expect(problemsOf('backends: [{ address: "a:1", weight: "1${env:V}" }]', { env: { V: '5' } })).toEqual([
      'x.yaml:1:38 backends[0].weight must be a whole number, without quotes',
    ]);
  });

  it.each([
    ['backends: [{ address: "a:1", weight: ${env:W} }]', 'x.yaml:1:38', '${env:W}'],
    ['backends: [{ address: localhost:${env:PORT:-9001} }]', 'x.yaml:1:23', 'localhost:${env:PORT:-9001}'],
    [
      'mode: http\nbackends:\n  - { address: "a:1" }\nlogging: {\n  level: ${env:LEVEL}\n}',
      'x.yaml:5:10',
      '${env:LEVEL}',
    ],
    ['include: [${env:FILE}, b.yaml]', 'x.yaml:1:11', '${env:FILE}'],
    ['listen: ":80"\nadmin: { token: ${env:TOKEN', 'x.yaml:2:17', '${env:TOKEN'],
  ])('without quotes inside of brackets is one error that says so: %s', (text, place, quoted) => {
    expect(problemsOf(text)).toEqual([`${place} must be in quotes inside of { } and [ ]: "${quoted}"`]);
  });

  it('without quotes inside of brackets is an error for each place', () => {
    expect(problemsOf('backends: [{ name: ${env:N}, address: ${env:A} }]')).toEqual([
      'x.yaml:1:20 must be in quotes inside of { } and [ ]: "${env:N}"',
      'x.yaml:1:39 must be in quotes inside of { } and [ ]: "${env:A}"',
    ]);
  });

  it('leaves the variables of transforms alone', () => {
    const text =
      'backends: []\ntransform: { request_headers: [{ action: set, name: X, value: "${host} ${env:A}" }] }';
    expect(load(text, { A: '1' }).listeners[0]?.http?.transform?.request_headers[0]?.value).toBe('${host} 1');
  });

  it('reaches anchors once and all their aliases', () => {
    const text = 'backends:\n  - address: &a "${env:A}:1"\n    name: x\n  - address: *a\n    name: y\n';
    expect(load(text, { A: 'host' }).upstreams[0]?.backends.map(({ address }) => address)).toEqual([
      'host:1',
      'host:1',
    ]);
  });

  it('does not know the properties that every object has', () => {
    expect(problemsOf('mode: ${env:constructor}')).toEqual([expect.stringContaining('which is not set')]);
  });

  it('reports each missing variable, and nothing else about its value', () => {
    expect(
      problemsOf('listen: ":${env:PORT}"\nconnection_pool:\n  max_size: ${env:SIZE}\nbackends: []'),
    ).toEqual([
      'x.yaml:1:9 listen needs the environment variable PORT, which is not set; ${env:PORT:-default} gives a default',
      'x.yaml:3:13 connection_pool.max_size needs the environment variable SIZE, which is not set; ${env:SIZE:-default} gives a default',
    ]);
  });

  it.each(['${env:}', '${env:1A}', '${env:A B}', '${env:A-b}', '${env:A'])('refuses %s', (text) => {
    expect(problemsOf(`mode: "${text}"`, { env: { A: 'http' } })).toEqual([
      'x.yaml:1:7 mode must have the form ${env:NAME} or ${env:NAME:-default}',
    ]);
  });
});

describe('a secret in the environment', () => {
  const secret = 'hunter2 (';
  const places = [
    'mode: "${env:S}"',
    'listen: "${env:S}"',
    'backends: [{ name: "${env:S}", address: "a:1" }, { name: "${env:S}", address: "b:1" }]',
    'backends: [{ address: "${env:S}" }]',
    'backends: [{ address: "a:1", weight: "${env:S}" }]',
    'backends: []\nhttp: { routes: [{ backends: ["${env:S}"] }] }',
    'backends: []\nload_balancer: { algorithm: "${env:S}", hash_key: "${env:S}" }',
    'backends: []\ntransform: { rewrite: { pattern: "${env:S}", replacement: x } }',
    'backends: []\ntransform: { request_headers: [{ action: "${env:S}", name: "${env:S}", value: "${x}" }] }',
    'listeners: [{ listen: ":1", upstream: "${env:S}", name: "${env:S}" }]',
    'routes: [{ path: "${env:S}", backends: ["${env:S}"], strategy: "${env:S}" }]',
    'backends: []\ntimeouts: { read: "${env:S}" }\nlogging: { level: "${env:S}" }',
  ];

  it.each(places)('never shows in the message for %s', (text) => {
    let message = '';
    try {
      loadConfigText(text, 'x.yaml', { env: { S: secret }, modes: ['http'] });
    } catch (thrown) {
      if (thrown instanceof ConfigError) message = thrown.message + JSON.stringify(thrown.problems);
    }
    expect(message).not.toBe('');
    expect(message).not.toContain('hunter2');
  });
});
