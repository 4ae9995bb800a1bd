import type { HealthCheck } from '../../../src/config/schema/config.generated.ts';

/** A `health_check` section with the defaults of the schema. */
export function healthSection(given: Partial<HealthCheck> = {}): HealthCheck {
  return {
    enabled: true,
    type: 'tcp',
    path: '/',
    method: 'GET',
    interval: 10_000,
    timeout: 2_000,
    healthy_threshold: 2,
    unhealthy_threshold: 3,
    initial_state: 'up',
    expected_status: '200-399',
    ...given,
  };
}
