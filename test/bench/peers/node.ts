import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Peer } from '../bench.ts';

/** A proxy as a Node team would write it: http-proxy-3 on node:http, and `pipe()` on node:net. */
export const node: Peer = {
  name: 'node',
  version(mode) {
    if (mode === 'tcp') return `node:net pipe() on Node ${process.versions.node}`;
    try {
      const manifest = createRequire(import.meta.url)('http-proxy-3/package.json') as { version: string };
      return `http-proxy-3 ${manifest.version} on Node ${process.versions.node}`;
    } catch {
      return undefined;
    }
  },
  command(mode, { certificates: { cert, key, ca } }, ports) {
    const program = fileURLToPath(
      new URL(`node-${mode === 'tcp' ? 'tcp' : 'http'}-process.js`, import.meta.url),
    );
    const files = mode === 'tcp' ? [] : [mode, cert, key, ca];
    return [process.execPath, program, String(ports.listen), String(ports.backend), ...files];
  },
};
