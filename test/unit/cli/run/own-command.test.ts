import { expect, it } from 'vitest';

import { ownCommand } from '../../../../src/cli/run/own-command.ts';

it('starts the program again as it was typed, with the options of Node.js and the same arguments', () => {
  const command = ownCommand({
    argv0: 'node',
    execArgv: ['--max-old-space-size=100'],
    argv: ['/usr/bin/node', '/opt/current/main.js', 'run', '--config', 'x.yaml'],
  });
  expect(command).toEqual([
    'node',
    '--max-old-space-size=100',
    '/opt/current/main.js',
    'run',
    '--config',
    'x.yaml',
  ]);
});
