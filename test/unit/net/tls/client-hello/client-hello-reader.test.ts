import { describe, expect, it } from 'vitest';

import { ClientHelloReader } from '../../../../../src/net/tls/client-hello/client-hello-reader.ts';
import { ClientHello } from '../../../../../src/net/tls/client-hello/client-hello.ts';
import { HELLO_LIMIT_BYTES, HelloRefusal } from '../../../../../src/net/tls/client-hello/hello-refusal.ts';
import {
  clientHelloBytes,
  helloMessage,
  inRecords,
  serverName,
  sized,
  type HelloSpec,
} from '../../../../support/tls/client-hello-bytes.ts';

const FULL: HelloSpec = {
  sni: 'A.Example.com.',
  alpn: ['h2', 'http/1.1'],
  versions: [0x0304, 0x0303],
  signatureAlgorithms: [0x0403, 0x0804],
  pskIdentity: Buffer.from('key name 16 bytes and the ticket'),
  ech: 'outer',
};

/** Reads pieces, as their segments arrive; the memory of each one is overwritten after it was read. */
function readPieces(...pieces: Buffer[]) {
  const reader = new ClientHelloReader();
  let result: ClientHello | HelloRefusal | undefined;
  for (const piece of pieces) {
    expect(result).toBeUndefined();
    const borrowed = Buffer.concat([Buffer.from('before'), piece, Buffer.from('after')]);
    result = reader.read(borrowed, 6, 6 + piece.length);
    borrowed.fill(0xee);
  }
  return { result, bytes: reader.bytes };
}

function said(result: ClientHello | HelloRefusal | undefined): unknown {
  if (!(result instanceof ClientHello)) return result instanceof HelloRefusal ? result.kind : result;
  const { sni, alpn, ech, versions } = result;
  return { sni, alpn, ech, versions };
}

const FULL_SAID = {
  sni: 'a.example.com',
  alpn: ['h2', 'http/1.1'],
  ech: true,
  versions: [0x0304, 0x0303],
};

describe('a ClientHello', () => {
  it('is read from one segment, with all that it says', () => {
    const { result, bytes } = readPieces(clientHelloBytes(FULL));
    expect(said(result)).toEqual(FULL_SAID);
    expect(bytes.equals(clientHelloBytes(FULL))).toBe(true);
  });

  it('is read from two segments, wherever the cut is, and its bytes are kept as they came', () => {
    const whole = Buffer.concat([clientHelloBytes(FULL), Buffer.from('what follows it')]);
    const needed = clientHelloBytes(FULL).length;
    for (let cut = 1; cut < needed; cut += 1) {
      const { result, bytes } = readPieces(whole.subarray(0, cut), whole.subarray(cut));
      expect(said(result)).toEqual(FULL_SAID);
      expect(bytes.equals(whole)).toBe(true);
    }
  });

  it('is read byte by byte', () => {
    const whole = clientHelloBytes(FULL);
    const { result, bytes } = readPieces(...Array.from(whole, (byte) => Buffer.from([byte])));
    expect(said(result)).toEqual(FULL_SAID);
    expect(bytes.equals(whole)).toBe(true);
  });

  it('is read from two records, wherever the cut is', () => {
    const message = helloMessage(FULL);
    for (let cut = 1; cut < message.length; cut += 1) {
      const whole = inRecords(message, cut, message.length);
      expect(said(readPieces(whole).result)).toEqual(FULL_SAID);
      const middle = cut + 3;
      expect(said(readPieces(whole.subarray(0, middle), whole.subarray(middle)).result)).toEqual(FULL_SAID);
    }
  });

  it.each([1, 2, 3, 4, 5, 100])(
    'is read from records of %i bytes, in one segment or byte by byte',
    (size) => {
      const whole = inRecords(helloMessage(FULL), size);
      expect(said(readPieces(whole).result)).toEqual(FULL_SAID);
      expect(said(readPieces(...Array.from(whole, (byte) => Buffer.from([byte]))).result)).toEqual(FULL_SAID);
    },
  );

  it('needs more until its last byte', () => {
    const whole = clientHelloBytes(FULL);
    expect(readPieces(whole.subarray(0, -1)).result).toBeUndefined();
    expect(readPieces().result).toBeUndefined();
    expect(readPieces(Buffer.alloc(0)).result).toBeUndefined();
  });

  it('may be as long as the limit, and no longer', () => {
    const spare = (bytes: number) => inRecords(helloMessage({ sni: 'a.test', paddingBytes: bytes }), 16_384);
    expect(said(readPieces(spare(60_000)).result)).toMatchObject({ sni: 'a.test' });
    expect(said(readPieces(spare(65_300)).result)).toMatchObject({ sni: 'a.test' });
    expect(said(readPieces(inRecords(Buffer.from([1, 1, 0, 0])).subarray(0, 9)).result)).toBe('too_long');
    expect(
      said(
        readPieces(inRecords(helloMessage({ paddingBytes: 30_000 }), 1).subarray(0, HELLO_LIMIT_BYTES + 1))
          .result,
      ),
    ).toBe('too_long');
  });

  it('may say nearly nothing', () => {
    const nothing = { alpn: [], ech: false, sni: undefined };
    expect(said(readPieces(clientHelloBytes()).result)).toEqual({ ...nothing, versions: [0x0303] });
    expect(said(readPieces(clientHelloBytes({ bare: true, legacyVersion: 0x0301 })).result)).toEqual({
      ...nothing,
      versions: [0x0301],
    });
  });

  it('tells an Encrypted Client Hello of the outer kind only', () => {
    expect(readPieces(clientHelloBytes({ ech: 'outer' })).result).toMatchObject({ ech: true });
    expect(readPieces(clientHelloBytes({ ech: 'inner' })).result).toMatchObject({ ech: false });
  });

  it('may have an extension that the reader does not know, and two with numbers that collide in a set of 32', () => {
    const extensions = [2, 34, 66, 0x0a0a, 0x1a1a, 31, 63].map((type) => [type, Buffer.alloc(1)] as const);
    expect(readPieces(clientHelloBytes({ extensions, sni: 'a.test' })).result).toMatchObject({
      sni: 'a.test',
    });
  });
});

describe('the name in a ClientHello', () => {
  it.each([
    ['example.com', 'example.com'],
    ['EXAMPLE.Com', 'example.com'],
    ['example.com.', 'example.com'],
    ['localhost', 'localhost'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['_sip.a-b.example', '_sip.a-b.example'],
    [
      `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}.`,
      `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`,
    ],
    ['127.0.0.1', undefined],
    ['::1', undefined],
    ['1.2.3.4.5', '1.2.3.4.5'],
  ])('%s is read as %s', (sent, read) => {
    expect(said(readPieces(clientHelloBytes({ sni: sent })).result)).toMatchObject({ sni: read });
  });

  it.each([
    '',
    '.',
    '..',
    '.example.com',
    'a..b',
    'a.b..',
    'a b',
    'a/b',
    'a\0b',
    'a\n',
    '*.example.com',
    'bücher.example',
    'a:443',
    '[::1]',
    'a,b',
    'x'.repeat(254),
    `${'x.'.repeat(30_000)}x`,
  ])('is refused when it is no host name: %j', (name) => {
    expect(said(readPieces(inRecords(helloMessage({ sni: name }), 16_384)).result)).toBe('malformed');
  });

  it('may come beside names of kinds that nobody knows, once', () => {
    const other = Buffer.concat([Buffer.from([9]), sized(2, Buffer.from('?'))]);
    const host = serverName('a.test').subarray(2);
    const read = (...names: Buffer[]) =>
      said(readPieces(clientHelloBytes({ extensions: [[0, sized(2, ...names)]] })).result);
    expect(read(other, host)).toMatchObject({ sni: 'a.test' });
    expect(read(other)).toMatchObject({ sni: undefined });
    expect(read(host, host)).toBe('malformed');
  });
});
