import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import { createProxyServer } from 'http-proxy-3';

import { certificateName, tlsTerms } from '../bench-certificates.ts';

const [listen, backend] = process.argv.slice(2, 4).map(Number);
const [mode, cert = '', key = '', ca = ''] = process.argv.slice(4);
const connections = { keepAlive: true, maxSockets: 1024 };
const terms = { minVersion: tlsTerms.version, ciphers: tlsTerms.cipherSuite } as const;

const proxy = createProxyServer(
  mode === 'backend-tls'
    ? {
        target: `https://127.0.0.1:${backend ?? 0}`,
        agent: new https.Agent({
          ...connections,
          ...terms,
          ca: readFileSync(ca),
          servername: certificateName,
        }),
        xfwd: true,
      }
    : { target: `http://127.0.0.1:${backend ?? 0}`, agent: new http.Agent(connections), xfwd: true },
);
proxy.on('error', () => undefined);

const answer: RequestListener = (request, response) => {
  const requestId = randomUUID();
  request.headers['x-request-id'] = requestId;
  response.setHeader('X-Request-ID', requestId);
  proxy.web(request, response);
};
const server =
  mode === 'https'
    ? https.createServer(
        { ...terms, ecdhCurve: tlsTerms.curve, cert: readFileSync(cert), key: readFileSync(key) },
        answer,
      )
    : http.createServer(answer);
server.listen({ port: listen, host: '127.0.0.1', backlog: 4096 });
