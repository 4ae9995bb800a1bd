/** The options of the filter after the check by {@link ADDRESS_LIST_SCHEMA}. */
export interface AddressListOptions {
  /** undefined, also of `allow_files`: all addresses may pass. */
  readonly allow?: readonly string[];
  readonly deny: readonly string[];
  readonly allow_files?: readonly string[];
  readonly deny_files: readonly string[];
  readonly status: number;
}

const NETWORKS = { type: 'array', items: { type: 'string', format: 'network' } } as const;
const FILES = { type: 'array', items: { type: 'string', minLength: 1 } } as const;

export const ADDRESS_LIST_SCHEMA = {
  description:
    "Lets requests pass by the client's address: the one in logs, which a PROXY header or the `X-Forwarded-For` of a trusted proxy gives. An address that `deny` has is refused. If there is `allow` or `allow_files`, an address that they do not have is refused as well, so an empty list lets nobody pass.",
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    allow: {
      ...NETWORKS,
      description: 'Addresses and networks that may pass. Default: all, unless there are `allow_files`.',
      examples: [['10.0.0.0/8', '2001:db8::/32']],
    },
    deny: {
      ...NETWORKS,
      default: [],
      description: 'Addresses and networks that are refused, also if `allow` has them.',
      examples: [['192.0.2.0/24']],
    },
    allow_files: {
      ...FILES,
      description:
        'Files with more of what may pass: one address or network a line; what follows a `#` is a comment. A changed file counts within about a second. A file with a mistake is refused: the proxy does not start with it, and a running proxy keeps what it had read before.',
      examples: [['lists/offices.txt']],
    },
    deny_files: {
      ...FILES,
      default: [],
      description: 'Files with more of what is refused, in the same form.',
      examples: [['lists/blocked.txt']],
    },
    status: {
      description: 'The status that refused clients get.',
      type: 'integer',
      minimum: 400,
      maximum: 599,
      default: 403,
      examples: [404],
    },
  },
} as const;
