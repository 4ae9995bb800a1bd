/** The options of the filter after the check by {@link CORS_SCHEMA}. */
export interface CorsOptions {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly expose: readonly string[];
  readonly credentials: boolean;
  /** In ms. */
  readonly max_age: number;
}

const TOKEN = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$";

export const CORS_SCHEMA = {
  description:
    'Tells browsers which sites may read responses (CORS). Put it before filters that authenticate: a preflight request has no credentials, and this filter answers it at once.',
  type: 'object',
  required: ['origins'],
  additionalProperties: false,
  properties: {
    origins: {
      description:
        'Sites whose pages may read responses: `https://app.example.com`, with a port if it is not the usual one; `https://*.example.com` for all names below a domain; `*` for all sites, which excludes `credentials`. The answer names the site that asked, and `Vary: Origin`.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^(\\*|https?://(\\*\\.)?[A-Za-z0-9.:_\\[\\]-]+|null)$' },
      examples: [['https://app.example.com', 'https://*.example.org']],
    },
    methods: {
      description: 'Methods that these sites may use.',
      type: 'array',
      items: { type: 'string', pattern: TOKEN },
      default: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      examples: [['GET', 'POST']],
    },
    headers: {
      description: 'Request headers that these sites may send. `*`: whatever a preflight asks for.',
      type: 'array',
      items: { type: 'string', pattern: TOKEN },
      default: ['*'],
      examples: [['Content-Type', 'Authorization']],
    },
    expose: {
      description: 'Response headers that scripts of these sites may read, beside the usual ones.',
      type: 'array',
      items: { type: 'string', pattern: TOKEN },
      default: [],
      examples: [['X-Request-ID']],
    },
    credentials: {
      description:
        'Whether browsers send cookies and credentials to these routes, and let scripts read the response.',
      type: 'boolean',
      default: false,
      examples: [true],
    },
    max_age: {
      description: 'How long browsers may remember the answer to a preflight.',
      type: 'string',
      format: 'duration',
      default: '10m',
      examples: ['1h'],
    },
  },
} as const;
