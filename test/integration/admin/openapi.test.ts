import { readFile, writeFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { askAdmin, type AdminAnswer, type AdminQuestion } from '../../support/peers/admin-client.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

interface Media {
  readonly schema?: unknown;
  readonly example?: unknown;
}

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, Media>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Response>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly tags: readonly { readonly name: string }[];
}

const top = new URL('../../../', import.meta.url);
const document = parse(await readFile(new URL('schemas/admin-api.openapi.yaml', top), 'utf8')) as Description;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** Queries that an operation needs, beyond the examples of the description; undefined: not asked here. */
const QUERIES: Readonly<Record<string, string | undefined>> = {
  cpuProfile: '?seconds=1',
  // Takes seconds and much memory; its route has a test of its own.
  heapSnapshot: undefined,
  // The tests' own process is no proxy that can be replaced.
  upgrade: undefined,
};

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
ajv.addSchema(document, 'api');

/** Differences between an answer and its description. */
function faults(path: string, method: string, answer: AdminAnswer): unknown {
  const responses = document.paths[path]![method.toLowerCase()]!.responses;
  const named = Object.hasOwn(responses, String(answer.status)) ? String(answer.status) : 'default';
  const type = (answer.headers['content-type'] ?? '').split(';')[0]!;
  const pointer =
    responses[named]!.$ref ?? `#/paths/${escaped(path)}/${method.toLowerCase()}/responses/${named}`;
  const response = pointer
    .slice(2)
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/'))
    .reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], document) as Response;
  if (response.content?.[type] === undefined) return `${named} describes no ${type}`;
  if (type !== 'application/json') return undefined;
  const validate = ajv.compile({ $ref: `api${pointer}/content/${escaped(type)}/schema` });
  return validate(answer.json()) ? undefined : validate.errors;
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** A proxy with something to show in every place. */
async function busyProxy(): Promise<LabProxy> {
  const [one, raw] = [await backend(named('one')), await backend(echoing('raw'))];
  const dead = await deadAddress();
  const yaml = (weight: number): string => `
listeners:
  - { name: web, listen: '127.0.0.1:0', mode: http, upstream: web }
  - { name: raw, listen: '127.0.0.1:0', mode: tcp, upstream: raw${String(weight)}, max_connections: 5 }
upstreams:
  - { name: web, health_check: { type: tcp, interval: 1h, timeout: 1s }, backends: [{ name: one, address: '${one.address}', weight: ${String(weight)} }, { name: dead, address: '${dead}', max_connections: 3 }] }
  - { name: raw${String(weight)}, backends: [{ name: raw${String(weight)}, address: '${raw.address}' }] }
admin: { listen: '127.0.0.1:0' }
metrics: { enabled: true, listen: '127.0.0.1:0' }
reload: { watch: false }
`;
  const proxy = await labProxy(yaml(1));
  await get(await client(proxy.address('web')));
  await (await client(proxy.address('raw'))).untilText('raw:');
  await proxy.untilLogged('backend is unhealthy');
  await proxy.change(yaml(2));
  return proxy;
}

function questionFor({ path, method, operation }: (typeof operations)[number]): [string, AdminQuestion] {
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const example = media?.example;
  const body = typeof example === 'string' || example === undefined ? example : JSON.stringify(example);
  const headers = type === undefined ? {} : { 'Content-Type': type };
  // Names of backends in paths.
  const named = path.replace('{upstream}', 'web').replace('{name}', 'one');
  return [named + (QUERIES[operation.operationId] ?? ''), { method, body, headers }];
}

describe('the description of the admin API', () => {
  it('names every endpoint that there is, and no other', async () => {
    const proxy = await labProxy(
      `backends: [{ address: '127.0.0.1:1' }]\nlisten: '127.0.0.1:0'\nadmin: { listen: '127.0.0.1:0' }\nmetrics: { listen: '127.0.0.1:0' }`,
    );
    const { endpoints } = (await askAdmin(proxy.adminAddress, '/')).json() as {
      endpoints: { method: string; path: string }[];
    };
    const served = ['GET /', ...endpoints.map(({ method, path }) => `${method} ${path}`)];
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(served.sort());
  });

  it('says of every operation what it is for, and is consistent in itself', () => {
    const tags = new Set(document.tags.map(({ name }) => name));
    for (const { operation } of operations) {
      expect(operation.summary).toMatch(/\.$/);
      expect(operation.tags.every((tag) => tags.has(tag))).toBe(true);
      expect(Object.keys(operation.responses)).toContain('default');
    }
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"(#[^"]+)"/g)].map((match) => match[1]!);
    for (const ref of new Set(refs)) {
      if (!ref.startsWith('#/components/schemas/')) continue;
      expect(() => ajv.compile({ $ref: `api${ref}` }), ref).not.toThrow();
    }
  });

  it('is true of every answer, of errors as well', async () => {
    const proxy = await busyProxy();
    for (const each of operations) {
      const { path, method, operation } = each;
      const skipped = operation.operationId in QUERIES && QUERIES[operation.operationId] === undefined;
      if (!skipped) {
        const answer = await askAdmin(proxy.adminAddress, ...questionFor(each));
        expect([path, answer.status < 400 || answer.status === 503]).toEqual([path, true]);
        expect([path, faults(path, method, answer)]).toEqual([path, undefined]);
      }
      const foreign = { method, headers: { Origin: 'https://evil.example' } };
      const refused = await askAdmin(proxy.adminAddress, path, foreign);
      expect([refused.status, faults(path, method, refused)]).toEqual([403, undefined]);
    }
    for (const [path, method] of [
      ['/nothing', 'GET'],
      ['/status', 'PUT'],
      ['/connections?limit=x', 'GET'],
    ] as const) {
      const answer = await askAdmin(proxy.adminAddress, path, { method });
      expect([path, faults('/status', 'GET', answer)]).toEqual([path, undefined]);
    }
    await writeFile(proxy.configFile, 'nonsense: 1');
    const refused = await askAdmin(proxy.adminAddress, '/reload', { method: 'POST' });
    expect([refused.status, faults('/reload', 'POST', refused)]).toEqual([422, undefined]);
    expect(faults('/status', 'GET', await askAdmin(proxy.adminAddress, '/status'))).toBe(undefined);
  });

  it('is served, in both forms alike', async () => {
    const proxy = await labProxy(
      `backends: [{ address: '127.0.0.1:1' }]\nlisten: '127.0.0.1:0'\nadmin: { listen: '127.0.0.1:0' }`,
    );
    const json = (await askAdmin(proxy.adminAddress, '/openapi.json')).json();
    expect(json).toEqual(document);
    expect(parse((await askAdmin(proxy.adminAddress, '/openapi.yaml')).body)).toEqual(document);
  });

  it('has its fresh JSON: run `npm run generate` when this fails', async () => {
    const { generateOpenapi } = (await import(new URL('schemas/generate-openapi.mjs', top).href)) as {
      generateOpenapi: () => Promise<string>;
    };
    const file = new URL('schemas/admin-api.openapi.json', top);
    expect(await readFile(file, 'utf8')).toBe(await generateOpenapi());
  });
});
