import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';

export interface AdminAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as JSON. */
  json(): unknown;
}

export interface AdminQuestion {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | undefined;
  /** HTTPS with these settings, instead of HTTP. */
  readonly tls?: Pick<RequestOptions, 'ca' | 'cert' | 'key'>;
}

/** Asks an admin server over a connection of its own, with a head that a browser or fetch would not let one write. */
export function askAdmin(address: string, path: string, question: AdminQuestion = {}): Promise<AdminAnswer> {
  const { method = 'GET', headers = {}, body, tls } = question;
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address)!;
  const options = { host, port, path, method, headers, agent: false };
  return new Promise((resolve, reject) => {
    const outgoing = tls === undefined ? httpRequest(options) : httpsRequest({ ...options, ...tls });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => {
        const json = (): unknown => JSON.parse(text) as unknown;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, json });
      });
    });
    outgoing.end(body);
  });
}
