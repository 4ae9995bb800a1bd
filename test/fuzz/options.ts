import { parseArgs } from 'node:util';

export interface FuzzOptions {
  /** What is fuzzed: a whole proxy, or alone the reader of the ClientHello or of PROXY headers. */
  readonly target: FuzzTargetName;
  readonly seed: number;
  /** Ends after so many seconds. */
  readonly seconds: number;
  /** Ends after so many cases. */
  readonly cases: number;
  /** The first case's number. */
  readonly from: number;
  /** Cases that run at a time. */
  readonly concurrency: number;
  /** Cases after which everything must come to rest. */
  readonly batch: number;
  /** Only this case, with all that was sent and received. */
  readonly only: number | undefined;
  readonly times: number;
}

const TARGETS = ['proxy', 'client-hello', 'proxy-header'] as const;
export type FuzzTargetName = (typeof TARGETS)[number];

export const fuzzUsage = `npm run fuzz -- [options]

  --target NAME     proxy (default), or a reader alone: client-hello, or proxy-header (of PROXY headers)
  --seed N          which cases are made (default: the time; it is printed)
  --seconds N       ends after so long (default 60)
  --cases N         ends after so many cases (default: no limit)
  --from N          number of the first case (default 0)
  --concurrency N   cases at a time (default 300)
  --batch N         cases after which the proxy must come to rest (default 20000)
  --case N          only this case, showing what was sent and received
  --times N         repeats it (default 1)
`;

export function parseOptions(args: readonly string[]): FuzzOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { ...text, default: 'proxy' },
      seed: text,
      seconds: { ...text, default: '60' },
      cases: text,
      from: { ...text, default: '0' },
      concurrency: { ...text, default: '300' },
      batch: { ...text, default: '20000' },
      case: text,
      times: { ...text, default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const target = TARGETS.find((name) => name === values.target);
  if (target === undefined) throw new Error(`--target must be one of ${TARGETS.join(', ')}`);
  return {
    target,
    seed: values.seed === undefined ? Date.now() % 1_000_000 : whole('--seed', values.seed, 0),
    seconds: whole('--seconds', values.seconds, 1),
    cases: values.cases === undefined ? Number.POSITIVE_INFINITY : whole('--cases', values.cases, 1),
    from: whole('--from', values.from, 0),
    concurrency: whole('--concurrency', values.concurrency, 1),
    batch: whole('--batch', values.batch, 1),
    only: values.case === undefined ? undefined : whole('--case', values.case, 0),
    times: whole('--times', values.times, 1),
  };
}

function whole(name: string, text: string, least: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least)
    throw new Error(`${name} must be a whole number from ${least} on`);
  return number;
}
