import { parseArgs } from 'node:util';

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Multiplies the number of clients of every kind. */
  readonly load: number;
}

export const soakUsage = `npm run soak -- [options]

  --minutes N   how long there is traffic (default 10; fractions are allowed)
  --load N      multiplies the number of clients (default 1)
  --seed N      for what is random (default 1)
`;

export function parseOptions(args: readonly string[]): SoakOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { ...text, default: '10' },
      load: { ...text, default: '1' },
      seed: { ...text, default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    seconds: positive('--minutes', values.minutes) * 60,
    load: positive('--load', values.load),
    seed: positive('--seed', values.seed),
  };
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} must be a number above 0`);
  return number;
}
