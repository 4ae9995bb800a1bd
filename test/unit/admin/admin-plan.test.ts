import { describe, expect, it } from 'vitest';
import type { Admin } from '../../../src/config/schema/config.generated.ts';
import { planAdminServers as plan, type AdminSections } from '../../../src/admin/admin-plan.ts';

const planAdminServers = (config: AdminSections) => plan(config, ['/health', '/status']);
const admin = (listen: string): Admin => ({ listen, public: [] });
const METRICS = { enabled: true, listen: '127.0.0.1:9090', path: '/metrics' };

describe('planAdminServers', () => {
  it('asks for nothing when nothing is configured', () => {
    expect(planAdminServers({ metrics: { ...METRICS, enabled: false } })).toEqual([]);
  });

  it('puts admin and metrics of one address on one server', () => {
    expect(planAdminServers({ admin: admin('127.0.0.1:9090'), metrics: METRICS })).toEqual([
      { listen: '127.0.0.1:9090', key: '127.0.0.1:9090', admin: true, metricsPath: '/metrics' },
    ]);
    expect(
      planAdminServers({ admin: admin('[0:0::1]:9090'), metrics: { ...METRICS, listen: '[::1]:9090' } }),
    ).toHaveLength(1);
  });

  it('gives each address its own server', () => {
    expect(planAdminServers({ admin: admin('127.0.0.1:9000'), metrics: METRICS })).toEqual([
      { listen: '127.0.0.1:9000', key: '127.0.0.1:9000', admin: true, metricsPath: undefined },
      { listen: '127.0.0.1:9090', key: '127.0.0.1:9090', admin: false, metricsPath: '/metrics' },
    ]);
  });

  it('serves only what is asked for', () => {
    expect(planAdminServers({ metrics: METRICS })).toMatchObject([{ admin: false, metricsPath: '/metrics' }]);
    expect(
      planAdminServers({ admin: admin(':9090'), metrics: { ...METRICS, enabled: false } }),
    ).toMatchObject([{ listen: ':9090', admin: true, metricsPath: undefined }]);
  });

  it('refuses a metrics path that is taken on its address, and only there', () => {
    const metrics = { ...METRICS, path: '/health' };
    expect(() => planAdminServers({ admin: admin(METRICS.listen), metrics })).toThrow('metrics.path /health');
    expect(planAdminServers({ admin: admin('127.0.0.1:1'), metrics })).toHaveLength(2);
  });

  it('refuses addresses that cover each other', () => {
    expect(() => planAdminServers({ admin: admin(':9090'), metrics: METRICS })).toThrow('make them equal');
  });
});
