import type { Workers } from '../config/schema/config.generated.ts';
import { createServing } from './serving/create-serving.ts';
import type { Serving, ServingEnvironment } from './serving/serving.ts';
import {
  createSupervisorParts,
  type SupervisorEnvironment,
  type SupervisorParts,
} from './supervisor-parts.ts';

/** What there is once the first config was loaded. */
export interface RunningParts extends SupervisorParts, Serving {}

/** What these parts are made with. */
export type RunningEnvironment = Omit<ServingEnvironment, 'metricsPage'> &
  Omit<SupervisorEnvironment, keyof Serving>;

/**
 * Makes what serves clients, as the first config says, and what shows it.
 *
 * @param count overrides the number of workers in the config
 */
export async function createRunningParts(
  environment: RunningEnvironment,
  workers: Workers,
  count?: number,
): Promise<RunningParts> {
  const metricsPage: ServingEnvironment['metricsPage'] = (request) => supervisor.metrics.page(request);
  const serving = await createServing({ ...environment, metricsPage }, workers, count);
  const supervisor = createSupervisorParts({ ...environment, ...serving });
  return { ...serving, ...supervisor };
}
