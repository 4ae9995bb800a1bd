import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { eventually } from '../time/eventually.ts';
import { owned } from '../owned.ts';

/** One series of an instant query's result. */
export interface QueriedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Which of Prometheus' programs are not installed; for the names of skipped tests. */
export function missingPrometheus(): string {
  const missing = ['prometheus', 'promtool'].filter(
    (tool) => spawnSync(tool, ['--version']).error !== undefined,
  );
  return missing.length === 0 ? '' : ` (skipped: ${missing.join(' and ')} not installed)`;
}

/** Runs promtool; its output and exit code. */
export function promtool(args: readonly string[], input = ''): { output: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { output: `${stdout}${stderr}`, status };
}

/** A Prometheus that runs. */
export class Prometheus {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The current result of a query. Throws with Prometheus' own message when the query is wrong. */
  async query(expression: string): Promise<QueriedSeries[]> {
    const { result } = await this.api<{
      result: { metric: Record<string, string>; value: [number, string] }[];
    }>('query', { query: expression });
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** The value of a query that gives one series; undefined when it gives none. */
  async value(expression: string): Promise<number | undefined> {
    return (await this.query(expression))[0]?.value;
  }

  /** The `data` of an answer of `/api/v1/<endpoint>`. */
  async api<T>(endpoint: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const query = new URLSearchParams(parameters).toString();
    const response = await fetch(`${this.#url}/api/v1/${endpoint}?${query}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`${endpoint} ${query}: ${answer.error ?? ''}`);
    return answer.data;
  }
}

/** A process of Prometheus, and the directory that goes with it. */
class PrometheusProcess {
  readonly #process: ChildProcess;
  readonly #directory: string;

  constructor(process: ChildProcess, directory: string) {
    this.#process = process;
    this.#directory = directory;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode === null) {
      const gone = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await gone;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Starts Prometheus with that config, on a free port of this machine; it ends with the test. `files` are put beside the config. */
export async function startPrometheus(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Prometheus> {
  const directory = await mkdtemp(join(tmpdir(), 'balance-prometheus-'));
  for (const [name, text] of Object.entries({ 'prometheus.yml': yaml, ...files }))
    await writeFile(join(directory, name), text);
  const child = spawn(
    'prometheus',
    [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      '--web.listen-address=127.0.0.1:0',
      '--enable-feature=exemplar-storage',
    ],
    { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // Before it is ready: a test may be over by then.
  owned(new PrometheusProcess(child, directory));
  const lines: string[] = [];
  let address: string | undefined;
  let isReady = false;
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    // The two lines come from two of its threads, in either order.
    address ??= /msg="Listening on" address=(\S+)/.exec(line)?.[1];
    isReady ||= line.includes('Server is ready');
    if (address === undefined || !isReady) continue;
    // Reads and drops later output, so that a full pipe does not stop the process.
    child.stderr.resume();
    return new Prometheus(`http://${address}`);
  }
  throw new Error(`prometheus does not start: ${lines.slice(-5).join('\n')}`);
}

/** Rates need scrapes in a row, and a busy machine misses some. */
export const SCRAPE_PATIENCE_MS = 90_000;

/** Waits until Prometheus has scraped what makes `condition` true. */
export function scraped(condition: () => Promise<boolean>, what: string | (() => string)): Promise<boolean> {
  return eventually(condition, what, SCRAPE_PATIENCE_MS);
}
