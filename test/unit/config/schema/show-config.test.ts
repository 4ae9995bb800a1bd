import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exampleFolder } from '../../../support/labs/example-folder.ts';
import { loadConfig, loadConfigText } from '../../../support/labs/load-config.ts';
import { showConfig, toYaml } from '../../../../src/config/schema/show-config.ts';

const FOLDER = await exampleFolder();
const load = (text: string) =>
  loadConfigText(text, 'x.yaml', { modes: ['http', 'tcp', 'echo', 'redis'] }).config;

describe('showConfig', () => {
  it('writes durations and sizes as a file does', () => {
    const config = load('backends: [{ name: a, address: "a:1" }]\nshutdown: { timeout: 1m30s }\n');
    expect(showConfig(config)).toMatchObject({
      shutdown: { timeout: '1m30s' },
      listeners: [{ http: { limits: { header_size: expect.stringMatching(/^\d+KiB$/) as string } } }],
    });
  });

  it('shows no secret', () => {
    const config = load(
      'backends: [{ name: a, address: "a:1" }]\ntracing: { endpoint: "http://me:pw@a:1/" }\nadmin: { token: 0123456789abcdef }\n',
    );
    expect(JSON.stringify(showConfig(config))).not.toMatch(/0123456789abcdef|me:pw/);
  });

  // Secrets are not shown, so the text lacks them.
  const secretive = ['admin.yaml', 'sticky.yaml'];
  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.yaml') && !secretive.includes(name)))(
    'gives a file that means the same: %s',
    async (name) => {
      const { config } = await loadConfig(join(FOLDER, name), {
        modes: ['http', 'tcp', 'echo', 'redis'],
      });
      expect(load(toYaml(showConfig(config)))).toEqual(config);
    },
  );
});
