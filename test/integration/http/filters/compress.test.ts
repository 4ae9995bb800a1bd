import zlib, { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { fieldValues, readHead, readMessage, type Message } from '../../../support/peers/http-message.ts';
import { eventually } from '../../../support/time/eventually.ts';

const PAGE = '<p>hello</p>'.repeat(500);
const HTML = 'Content-Type: text/html; charset=utf-8\r\n';

/** A proxy with the filter, whose backend answers the path with what `pages` has for it. */
async function compressing(pages: Readonly<Record<string, string>>, options = '') {
  const { address } = await backend(
    answering(({ startLine }) => pages[startLine.split(' ')[1] ?? ''] ?? ok(PAGE, HTML)),
  );
  const yaml = (more: string): string => `
mode: http
listen: '127.0.0.1:0'
backends: [{ address: '${address}' }]
http: { filters: [{ use: compress${more} }] }
`;
  const proxy = await labProxy(yaml(options));
  const ask = async (path = '/', lines = 'Accept-Encoding: gzip\r\n', method = 'GET'): Promise<Message> => {
    const socket = await client(proxy.address());
    socket.send(`${method} ${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
    return readMessage(socket, { noBody: method === 'HEAD' });
  };
  return { proxy, ask, yaml };
}

const codingOf = (message: Message): string => fieldValues(message, 'content-encoding').join();

describe('the filter compress', () => {
  it('gives each client the coding that it likes best, and tells caches what that depends on', async () => {
    const { ask } = await compressing({});
    const gzip = await ask();
    expect(codingOf(gzip)).toBe('gzip');
    expect(fieldValues(gzip, 'content-length')).toEqual([]);
    expect(fieldValues(gzip, 'vary')).toEqual(['Accept-Encoding']);
    expect(gunzipSync(gzip.body).toString()).toBe(PAGE);
    const brotli = await ask('/', 'Accept-Encoding: gzip, deflate, br\r\n');
    expect(codingOf(brotli)).toBe('br');
    expect(brotliDecompressSync(brotli.body).toString()).toBe(PAGE);
    const plain = await ask('/', '');
    expect(codingOf(plain)).toBe('');
    expect(plain.body.toString()).toBe(PAGE);
    expect(fieldValues(plain, 'content-length')).toEqual([String(PAGE.length)]);
    expect(fieldValues(plain, 'vary')).toEqual(['Accept-Encoding']);
  });

  it('gives HEAD the header that GET has', async () => {
    const { ask } = await compressing({ '/head': `HTTP/1.1 200 OK\r\n${HTML}Content-Length: 6000\r\n\r\n` });
    const head = await ask('/head', 'Accept-Encoding: gzip\r\n', 'HEAD');
    expect(codingOf(head)).toBe('gzip');
    expect(fieldValues(head, 'content-length')).toEqual([]);
  });

  it.each([
    ['a small body', ok('small', HTML)],
    ['a picture', ok(PAGE, 'Content-Type: image/png\r\n')],
    ['a body without a type', ok(PAGE)],
    ['a body that is encoded', ok(PAGE, `${HTML}Content-Encoding: br\r\n`)],
    ['a body that nobody may change', ok(PAGE, `${HTML}Cache-Control: max-age=5, No-Transform\r\n`)],
    [
      'a part',
      `HTTP/1.1 206 Partial Content\r\n${HTML}Content-Range: bytes 0-4/9\r\nContent-Length: 5\r\n\r\nabcde`,
    ],
    ['a part without its status', ok(PAGE, `${HTML}Content-Range: bytes 0-4/9\r\n`)],
    ['no body', `HTTP/1.1 204 No Content\r\n${HTML}\r\n`],
    ['what has not changed', `HTTP/1.1 304 Not Modified\r\n${HTML}ETag: "a"\r\n\r\n`],
  ])('passes on %s as it is', async (_, response) => {
    const { ask } = await compressing({ '/as-is': response });
    const message = await ask('/as-is', 'Accept-Encoding: gzip\r\n');
    const own = /^Content-Encoding: (.*)\r$/m.exec(response)?.[1] ?? '';
    expect(codingOf(message)).toBe(own);
    expect(message.body.toString()).toBe(response.split('\r\n\r\n')[1]);
    expect(fieldValues(message, 'vary')).toEqual([]);
    expect(fieldValues(message, 'etag')).toEqual(response.includes('ETag') ? ['"a"'] : []);
  });

  it('takes away what is said of the bytes, and makes the tag a weak one', async () => {
    const fields =
      'ETag: "v1"\r\nAccept-Ranges: bytes\r\nContent-MD5: abc\r\nDigest: a=b\r\nContent-Digest: a=:b:\r\nRepr-Digest: a=:b:\r\nVary: Origin\r\n';
    const { ask } = await compressing({
      '/tagged': ok(PAGE, HTML + fields),
      '/weak': ok(PAGE, `${HTML}ETag: W/"v1"\r\nVary: *\r\n`),
    });
    const tagged = await ask('/tagged');
    expect(fieldValues(tagged, 'etag')).toEqual(['W/"v1"']);
    expect(fieldValues(tagged, 'vary')).toEqual(['Origin', 'Accept-Encoding']);
    for (const name of ['accept-ranges', 'content-md5', 'digest', 'content-digest', 'repr-digest'])
      expect(fieldValues(tagged, name)).toEqual([]);
    const weak = await ask('/weak');
    expect(fieldValues(weak, 'etag')).toEqual(['W/"v1"']);
    expect(fieldValues(weak, 'vary')).toEqual(['*']);
  });

  it('passes on each event when it comes', async () => {
    const events = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
    let send = (_: string): void => undefined;
    const { address } = await backend(
      answering((_, connection) => {
        send = (text) => {
          connection.send(`${text.length.toString(16)}\r\n${text}\r\n`);
        };
        return events;
      }),
    );
    const proxy = await labProxy(`
mode: http
listen: '127.0.0.1:0'
backends: [{ address: '${address}' }]
http: { filters: [{ use: compress }] }
`);
    const socket = await client(proxy.address());
    socket.send('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n');
    expect(await readHead(socket)).toContain('Content-Encoding: gzip');
    const gunzip = zlib.createGunzip();
    let text = '';
    gunzip.on('data', (piece: Buffer) => (text += piece.toString()));
    for (const event of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']) {
      send(event);
      await eventually(() => {
        gunzip.write(dechunked(socket.take(socket.received.length)));
        return text.endsWith(event);
      }, `the client has the event ${event}`);
    }
  });

  it('follows an edit of its options', async () => {
    const { ask, proxy, yaml } = await compressing({
      '/json': ok(PAGE, 'Content-Type: application/json\r\n'),
    });
    expect(codingOf(await ask('/json'))).toBe('gzip');
    await proxy.change(yaml(", types: ['text/*'], min_size: 10KB"));
    expect(codingOf(await ask('/json'))).toBe('');
    expect(codingOf(await ask('/'))).toBe('');
    await proxy.change(yaml(", types: ['*'], min_size: 0B, algorithms: [zstd, gzip]"));
    const hasZstd = 'createZstdCompress' in zlib;
    expect(codingOf(await ask('/json', 'Accept-Encoding: zstd, gzip\r\n'))).toBe(hasZstd ? 'zstd' : 'gzip');
    if (!hasZstd) await proxy.untilLogged('algorithms=zstd');
  });

  it('does not take what it does not know', async () => {
    const { proxy, yaml } = await compressing({});
    const outcome = await proxy.edit(yaml(", algorithms: [deflate], types: ['text'], gzip_level: 0"));
    expect(outcome.message).toContain('algorithms[0]');
    expect(outcome.message).toContain('types[0]');
    expect(outcome.message).toContain('gzip_level');
  });
});

/** The chunks that have come, whole ones only, without framing. */
function dechunked(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return Buffer.concat(pieces);
}
