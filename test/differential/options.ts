import { parseArgs } from 'node:util';

export interface DifferentialOptions {
  /** Every so manieth case. */
  readonly step: number;
  /** Families; empty: all. */
  readonly only: readonly string[];
  /** Proxies to compare with; those that are not installed are left out. */
  readonly peers: readonly string[];
  /** A single request case, shown in full. */
  readonly index: number | undefined;
  /** Where all results go as JSON. */
  readonly json: string | undefined;
}

export const usage = `npm run differential -- [options]

  --step N       run every Nth case (default 1: all)
  --only A,B     only these families of cases
  --peers A,B    compare with these of nginx, HAProxy (default: both, where installed; '' for none)
  --index N      run one request case and show all of it
  --json FILE    write every case with all that was seen
`;

export function parseOptions(args: readonly string[]): DifferentialOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      step: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      peers: { type: 'string', default: 'nginx,HAProxy' },
      index: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { json, index } = values;
  return {
    step: Math.max(1, Number(values.step) || 1),
    only: listOf(values.only),
    peers: listOf(values.peers),
    index: index === undefined ? undefined : Number(index),
    json,
  };
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
