import { runTool } from './run-tool.ts';

/** What openssl s_client says about a connection. */
export interface HandshakeResult {
  /** The common name of the server's certificate, and the type of its key; '' when the handshake failed. */
  readonly certificate: string;
  readonly version: string;
  readonly isResumed: boolean;
  /** What came back on the connection. */
  readonly text: string;
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** Connects, asks once, and reads to the end, so that session tickets of TLS 1.3 arrive too. */
export async function opensslClient(address: string, ...args: readonly string[]): Promise<HandshakeResult> {
  const all = ['s_client', '-connect', address, '-ign_eof', ...args];
  const { text } = await runTool('openssl', all, { input: REQUEST });
  const [, state = '', version = ''] = /^(New|Reused), (TLSv[\d.]+), Cipher is/m.exec(text) ?? [];
  const subject = /^subject=.*?CN ?= ?([^,\n]+)/m.exec(text)?.[1] ?? '';
  const bits = /^Server public key is (\d+) bit/m.exec(text)?.[1];
  const keyType = bits === '2048' ? 'rsa' : 'ec';
  return {
    certificate: state === '' ? '' : `${subject} ${keyType}`,
    version,
    isResumed: state === 'Reused',
    text,
  };
}
