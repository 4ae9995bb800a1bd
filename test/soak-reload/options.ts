import { parseArgs } from 'node:util';

export interface SoakReloadOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Edits a second. */
  readonly rate: number;
  /** Multiplies the number of clients of every kind. */
  readonly load: number;
  /** Workers of the proxy. */
  readonly workers: number;
  /** Instead of the soak: reloads of a config with 1,000 backends and 500 routes. */
  readonly big: boolean;
  /** Leaves the log and all edits in the directory of the run. */
  readonly keep: boolean;
}

export const soakReloadUsage = `npm run soak:reload -- [options]

  --seconds N   how long there are traffic and edits (default 120)
  --rate N      edits a second (default 20)
  --load N      multiplies the number of clients (default 1)
  --workers N   workers of the proxy (default 1)
  --seed N      for what is random; the same seed makes the same edits (default 1)
  --keep        leaves the proxy's log and all edits behind, and says where
  --big         reloads of 1,000 backends and 500 routes, and how long each stalls the event loop
`;

/** Undefined when help is asked for. */
export function parseOptions(args: readonly string[]): SoakReloadOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { ...text, default: '120' },
      seed: { ...text, default: '1' },
      rate: { ...text, default: '20' },
      load: { ...text, default: '1' },
      workers: { ...text, default: '1' },
      big: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    seconds: positive('--seconds', values.seconds),
    seed: positive('--seed', values.seed),
    rate: positive('--rate', values.rate),
    load: positive('--load', values.load),
    workers: positive('--workers', values.workers),
    big: values.big,
    keep: values.keep,
  };
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} must be a number above 0`);
  return number;
}
