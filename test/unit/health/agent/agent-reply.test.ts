import { expect, it } from 'vitest';

import { agentReply, saysAnything } from '../../../../src/health/agent/agent-reply.ts';

it.each([
  ['75%\n', { share: 0.75 }],
  ['0%', { share: 0 }],
  ['250%', { share: 1 }],
  ['drain\r\n', { admin: 'drain' }],
  ['MAINT', { admin: 'maint' }],
  ['ready up 50%', { admin: 'ready', operational: 'up', share: 0.5 }],
  ['up,ready,100%', { admin: 'ready', operational: 'up', share: 1 }],
  ['down #database is away\n', { operational: 'down', text: 'down #database is away' }],
  ['failed', { operational: 'down' }],
  ['stopped\nready', { operational: 'down', admin: undefined }],
  ['up #not down', { operational: 'up' }],
  ['maxconn:30 drain', { admin: 'drain', share: undefined, maxConnections: 30 }],
  ['MAXCONN:0', { maxConnections: 0 }],
])('reads %j', (answer, expected) => {
  expect(agentReply(answer)).toMatchObject(expected);
  expect(saysAnything(agentReply(answer))).toBe(true);
});

it.each(['', '\n', 'hello', '-5%', '7.5%', '#down', 'maxconn:', 'maxconn:-1'])(
  'understands nothing of %j',
  (answer) => {
    expect(saysAnything(agentReply(answer))).toBe(false);
  },
);

it('shows no control characters, and not more than an operator reads', () => {
  const { text } = agentReply(`down #\u001b[31m${'x'.repeat(500)}`);
  expect(text).toHaveLength(200);
  expect(text).not.toMatch(/\p{C}/u);
});
