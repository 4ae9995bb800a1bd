import { expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { fieldValues } from '../../../support/peers/http-message.ts';
import { get, post, scene } from '../scene.ts';

const ASKED = [
  'Authorization: Bearer secret-1',
  'Cookie: session=secret-2; other="secret-3"',
  'cookie: third=secret-4',
  'Proxy-Authorization: Basic secret-5',
  'X-Api-Key: secret-6',
];
const ANSWERED = [
  'WWW-Authenticate: Basic realm="secret-7", charset="UTF-8"',
  'Set-Cookie: a=secret-8; HttpOnly',
  'Set-Cookie: b=secret-9',
  'Authentication-Info: secret-10',
];

it.each(['text', 'json'])(
  'credentials pass as they are and stay out of the log, whatever happens (%s)',
  async (format) => {
    const stage = await scene({
      yaml: `logging: { format: ${format}, level: debug }`,
      respond: (request, connection) => {
        if (request.startLine.includes('/dies')) connection.reset();
        if (request.startLine.includes('/lies'))
          return 'HTTP/1.1 200 OK\r\nSet-Cookie: a=secret-0\x00\r\n\r\n';
        return request.startLine.includes('/dies') ? undefined : ok('x', `${ANSWERED.join('\r\n')}\r\n`);
      },
    });
    const lines = `${ASKED.join('\r\n')}\r\n`;
    const response = await stage.exchange(get('/?token=secret-11', lines));
    expect(stage.seen[0]!.lines.filter((line) => line.includes('secret'))).toEqual(ASKED);
    expect(stage.seen[0]!.startLine).toBe('GET /?token=secret-11 HTTP/1.1');
    expect(response.lines.filter((line) => line.includes('secret'))).toEqual(ANSWERED);
    const ids = [response];
    ids.push(await stage.exchange(get('/dies', lines)));
    ids.push(await stage.exchange(get('/lies', lines)));
    ids.push(await stage.exchange(post('password=secret-12', '/', lines)));
    ids.push(await stage.exchange(`GET / HTTP/1.1\r\n${lines}\r\n`));
    ids.push(await stage.exchange(`GET / HTTP/1.1\r\n${lines}bad line\r\n\r\n`));
    await stage.stop();
    const log = (await stage.proxy.logLines()).join('\n');
    for (const message of ids) expect(log).toContain(fieldValues(message, 'x-request-id')[0]);
    expect(log).not.toContain('secret');
  },
);
