import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Explanation } from '../../../src/runtime/explain/explanation.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { readMessage, statusOf, type Message } from '../../support/peers/http-message.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { randomConfig, randomRequest, type AskedRequest, type RandomConfig } from './random-cases.ts';

const CONFIGS = 15;
const REQUESTS_EACH = 6;

interface SeenRequest {
  readonly backend: string;
  readonly message: Message;
}

/** The real outcome of a request. */
interface Outcome {
  readonly status: number;
  readonly response: Message;
  readonly seen: SeenRequest | undefined;
}

function yamlOf(
  { routes, options, upstreams, hasDefault }: RandomConfig,
  addresses: readonly string[],
): string {
  return JSON.stringify({
    // The turns that explain tells of are those of one worker; the next request may come to another one.
    workers: 1,
    listeners: [
      {
        name: 'web',
        listen: '127.0.0.1:0',
        ...(hasDefault ? { upstream: 'u0' } : {}),
        http: { ...options, routes },
      },
    ],
    upstreams: upstreams.map(({ algorithm, hashKey, weights }, index) => ({
      name: `u${String(index)}`,
      load_balancer: { algorithm, hash_key: hashKey },
      backends: addresses.map((address, place) => ({
        name: `b${String(place)}`,
        address,
        weight: weights[place],
      })),
    })),
    admin: { listen: '127.0.0.1:0' },
    reload: { watch: false },
    queue: undefined,
  });
}

async function explained(proxy: LabProxy, request: AskedRequest): Promise<Explanation> {
  const body = JSON.stringify({ ...request, listener: 'web' });
  const answer = await askAdmin(proxy.adminAddress, '/explain', { method: 'POST', body });
  expect(answer.status, answer.body).toBe(200);
  return answer.json() as Explanation;
}

async function sent(
  proxy: LabProxy,
  { method, url, headers }: AskedRequest,
  seen: SeenRequest[],
): Promise<Outcome> {
  const [, host = '', target = ''] = /^http:\/\/([^/]*)(.*)$/.exec(url) ?? [];
  const named = headers.some(([name]) => name === 'Host');
  const fields = [...(named ? [] : [['Host', host] as const]), ...headers];
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const socket = await client(proxy.address('web'));
  seen.length = 0;
  socket.send(`${method} ${target.replace('é', '%C3%A9')} HTTP/1.1\r\n${lines}\r\n`);
  const response = await readMessage(socket, { noBody: method === 'HEAD' });
  socket.close();
  return { status: statusOf(response), response, seen: seen[0] };
}

/** The head that the backend got, with words in the place of what is made up each time. */
function headOf({ startLine, lines }: Message, ids: Explanation['forwarded']): [string, [string, string][]] {
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const madeUp = ids?.headers.some(([name, value]) => name === 'X-Request-ID' && value === '<request id>');
  const id = fields.find(([name]) => name === 'X-Request-ID')?.[1];
  return [
    startLine,
    fields.map(([name, value]) => [
      name,
      /^cookie$/i.test(name)
        ? '***'
        : name === 'CDN-Loop' && /^balance-[0-9a-f]{12}$/.test(value)
          ? '<loop mark>'
          : madeUp === true && id !== undefined
            ? value.replaceAll(id, '<request id>')
            : value,
    ]),
  ];
}

function compare(explanation: Explanation, { status, response, seen }: Outcome): void {
  const { answer, forwarded, upstream, response: edits, route } = explanation;
  if (seen === undefined) {
    const refused = upstream !== undefined && !upstream.backends.some(({ candidate }) => candidate);
    expect(answer?.status ?? (refused ? 503 : 'forwarded')).toBe(status);
    return;
  }
  expect(answer).toBeUndefined();
  expect(route).toBeDefined();
  expect(upstream?.backends.find(({ name }) => name === seen.backend)?.candidate).toBe(true);
  if (upstream?.picked !== undefined) expect(seen.backend).toBe(upstream.picked);
  const [line, fields] = headOf(seen.message, forwarded);
  expect(forwarded?.line).toBe(line);
  const shown = forwarded?.headers.map(([name, value]) => [
    name,
    value.replaceAll('<backend>', seen.backend),
  ]);
  expect(shown).toEqual(fields);
  const lower = response.lines.map((text) => text.toLowerCase());
  for (const [name, value] of edits?.added ?? []) {
    expect(lower).toContain(`${name}: ${value.replaceAll('<backend>', seen.backend)}`.toLowerCase());
  }
  const added = new Set(edits?.added.map(([name]) => name.toLowerCase()));
  for (const name of edits?.removed ?? []) {
    if (!added.has(name) && name !== 'date')
      expect(lower.some((text) => text.startsWith(`${name}:`))).toBe(false);
  }
}

it('says of random requests and configs what a running proxy then does', async () => {
  const seen: SeenRequest[] = [];
  const addresses: string[] = [];
  for (const name of ['b0', 'b1', 'b2']) {
    const script = answering((message) => {
      seen.push({ backend: name, message });
      return ok(message.startLine.startsWith('HEAD') ? '' : 'ok', 'X-Backend-Only: 1\r\n');
    });
    addresses.push((await backend(script)).address);
  }
  const first = { routes: [], options: {}, upstreams: [], hasDefault: false };
  const proxy = await labProxy(yamlOf(first, addresses));
  await fc.assert(
    fc.asyncProperty(
      randomConfig,
      fc.array(randomRequest, { minLength: REQUESTS_EACH, maxLength: REQUESTS_EACH }),
      async (config, requests) => {
        await proxy.change(yamlOf(config, addresses));
        for (const request of requests) {
          const explanation = await explained(proxy, request);
          const outcome = await sent(proxy, request, seen);
          compare(explanation, outcome);
        }
      },
    ),
    { numRuns: CONFIGS },
  );
});
