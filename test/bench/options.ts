import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Length of one measurement. */
  readonly seconds: number;
  /** Measurements of each peer in each scenario; the median counts. */
  readonly rounds: number;
  /** Workers of each proxy. With more than one, balance and nginx take part with one worker too. */
  readonly workers: number;
  /** Names of scenarios; empty: all. */
  readonly only: readonly string[];
  /** Names of peers; empty: all that are installed. */
  readonly peers: readonly string[];
  /** Writes a CPU profile of balance. */
  readonly profile: boolean;
  /** Folder of another checkout, built, that takes part as the peer `before`; empty: none. */
  readonly before: string;
}

export const benchUsage = `npm run bench -- [options]

  --seconds N     length of one measurement (default 4)
  --rounds N      measurements of each peer, interleaved; the median counts (default 5)
  --workers N     workers (threads) of each proxy; with more than 1, 'balance 1' and 'nginx 1' take part too (default 1)
  --only A,B      only these scenarios
  --peers A,B     only these peers
  --profile       write a CPU profile of balance below .cache/profile
  --before DIR    another checkout, built, as the peer 'before': what a change costs
`;

export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '5' },
      workers: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      peers: { type: 'string', default: '' },
      profile: { type: 'boolean', default: false },
      before: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    seconds: positive('--seconds', values.seconds),
    rounds: positive('--rounds', values.rounds),
    workers: positive('--workers', values.workers),
    only: listOf(values.only),
    peers: listOf(values.peers),
    profile: values.profile,
    before: values.before,
  };
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${name} must be a whole number from 1 on`);
  return number;
}

function listOf(text: string): readonly string[] {
  return text.split(',').filter((word) => word !== '');
}
