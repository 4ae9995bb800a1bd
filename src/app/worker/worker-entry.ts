/** What the thread of a worker runs. */
import { workerData } from 'node:worker_threads';

import type { WorkerStart } from '../../runtime/supervisor/life/worker-start.ts';
import { boundOutput } from './bounded-output.ts';
import { WorkerApp } from './worker-app.ts';

const app = new WorkerApp(workerData as WorkerStart);
for (const output of ['stdout', 'stderr'] as const)
  boundOutput(process[output], (droppedWrites) => {
    app.outputDropped(output, droppedWrites);
  });
// In a thread these are the errors of that thread alone.
process.on('uncaughtException', (error) => {
  app.strayError(error);
});
process.on('exit', () => {
  app.flushLogsNow();
});
