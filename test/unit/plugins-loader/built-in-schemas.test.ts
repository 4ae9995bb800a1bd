import { describe, expect, it } from 'vitest';

import { BUILT_IN, BUILT_IN_FILTERS, builtInUrl } from '../../../src/plugins/source/own-plugins.ts';
import { OptionsSchema } from '../../../src/plugins/checks/options-schema.ts';
import type { HttpFilterPlugin, ProtocolPlugin } from '../../../src/plugin-api/index.ts';

// A proxy that starts takes their schemas as they are.
describe('the schema of a built-in plugin', () => {
  it.each([...BUILT_IN, ...BUILT_IN_FILTERS])('(%s) is a JSON Schema', async (name) => {
    const { default: plugin } = (await import(builtInUrl(name))) as {
      default: ProtocolPlugin | HttpFilterPlugin;
    };
    if (plugin.configSchema !== undefined)
      expect(() => new OptionsSchema(plugin.configSchema ?? {})).not.toThrow();
  });
});
