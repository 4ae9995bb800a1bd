import { describe, expect, it } from 'vitest';
import { demoGuide } from '../../../../src/cli/demo/demo-guide.ts';

const setup = {
  proxyAddress: '0.0.0.0:8080',
  adminAddress: '127.0.0.1:9090',
  configFile: '/p/config/balance.yaml',
  backends: [
    { name: 'backend-1', port: 9001 },
    { name: 'backend-2', port: 9002 },
  ],
  moved: new Map<number, number>(),
};

describe('demoGuide', () => {
  it('prints addresses that curl can reach, whatever the proxy is bound to', () => {
    expect(demoGuide(setup)).toContain('curl http://localhost:8080/ ');
    expect(demoGuide({ ...setup, proxyAddress: '[::]:8080' })).toContain('curl http://localhost:8080/ ');
    expect(demoGuide({ ...setup, proxyAddress: ':8080' })).toContain('curl http://localhost:8080/ ');
    expect(demoGuide({ ...setup, proxyAddress: '[::1]:8080' })).toContain('curl http://[::1]:8080/ ');
  });

  it('shows health, status, metrics and the live edit', () => {
    const guide = demoGuide(setup);
    expect(guide).toContain('curl http://127.0.0.1:9090/health');
    expect(guide).toContain('curl http://127.0.0.1:9090/status');
    expect(guide).toContain('curl http://127.0.0.1:9090/metrics');
    expect(guide).toContain('edit /p/config/balance.yaml');
    expect(guide).toContain('give backend-1 "weight: 3", save, and curl again: it answers 3 of 4 requests');
    expect(guide).toContain('remove backend-2');
  });

  it('says which ports are in use, and that it runs a copy', () => {
    expect(demoGuide(setup)).not.toContain('In use');
    const guide = demoGuide({ ...setup, moved: new Map([[8080, 8081]]) });
    expect(guide).toContain('In use by other programs: port 8080 (now 8081).\n');
    expect(guide).toContain('copy of config/balance.yaml with other ports: /p/config/balance.yaml,');
  });

  it('names no admin address when there is none', () => {
    expect(demoGuide({ ...setup, adminAddress: undefined })).not.toMatch(/metrics|undefined/);
  });
});
