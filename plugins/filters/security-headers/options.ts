/** The options of the filter after the check by {@link SECURITY_HEADERS_SCHEMA}. */
export interface SecurityHeadersOptions {
  readonly hsts?: HstsOptions;
  readonly content_type_options: boolean;
  readonly frame_options: 'DENY' | 'SAMEORIGIN' | 'off';
  readonly referrer_policy: string;
  readonly content_security_policy?: string;
  readonly permissions_policy?: string;
  readonly cross_origin_opener_policy?: string;
  readonly cross_origin_resource_policy?: string;
  readonly remove: readonly string[];
  readonly override: boolean;
}

export interface HstsOptions {
  /** In ms. */
  readonly max_age: number;
  readonly include_subdomains: boolean;
  readonly preload: boolean;
}

const TOKEN = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$";
const VALUE = { type: 'string', minLength: 1, pattern: '^[\\x20-\\x7e]+$' } as const;

export const SECURITY_HEADERS_SCHEMA = {
  description:
    'Adds header fields that tell browsers to be careful with responses, and removes those that tell about the software of backends. Without options it adds what breaks hardly any site.',
  type: 'object',
  additionalProperties: false,
  properties: {
    hsts: {
      description:
        'Has browsers use HTTPS alone for this host (`Strict-Transport-Security`, RFC 6797). Responses to requests without TLS do not get it, as browsers ignore it there. Browsers remember it for `max_age`, also when the field is gone: begin with a short time. Absent: it is not sent.',
      type: 'object',
      additionalProperties: false,
      properties: {
        max_age: {
          description: 'How long browsers remember it. `0s` has them forget it.',
          type: 'string',
          format: 'age-or-zero',
          default: '365d',
          examples: ['10m'],
        },
        include_subdomains: {
          description: 'Whether it holds for all hosts below this one too.',
          type: 'boolean',
          default: false,
          examples: [true],
        },
        preload: {
          description:
            'Whether browsers may have it built in (hstspreload.org). It is hard to take back. It needs `include_subdomains` and a `max_age` of a year (`365d`) or more.',
          type: 'boolean',
          default: false,
          examples: [true],
        },
      },
      examples: [{ max_age: '30d', include_subdomains: true }],
    },
    content_type_options: {
      description: 'Whether `X-Content-Type-Options: nosniff` is sent: browsers then believe `Content-Type`.',
      type: 'boolean',
      default: true,
      examples: [false],
    },
    frame_options: {
      description:
        'Who may show pages in a frame (`X-Frame-Options`): `DENY` nobody, `SAMEORIGIN` pages of the same site, `off`: the field is not sent.',
      enum: ['DENY', 'SAMEORIGIN', 'off'],
      default: 'SAMEORIGIN',
      examples: ['DENY'],
    },
    referrer_policy: {
      description: 'What other sites learn of the page that a link stands on (`Referrer-Policy`).',
      enum: [
        'no-referrer',
        'no-referrer-when-downgrade',
        'origin',
        'origin-when-cross-origin',
        'same-origin',
        'strict-origin',
        'strict-origin-when-cross-origin',
        'unsafe-url',
        'off',
      ],
      default: 'strict-origin-when-cross-origin',
      examples: ['no-referrer'],
    },
    content_security_policy: {
      ...VALUE,
      description:
        'The value of `Content-Security-Policy`: where scripts, styles and more may come from. Absent: it is not sent, as each site needs its own.',
      examples: ["default-src 'self'"],
    },
    permissions_policy: {
      ...VALUE,
      description: 'The value of `Permissions-Policy`: which devices pages may use. Absent: it is not sent.',
      examples: ['camera=(), microphone=()'],
    },
    cross_origin_opener_policy: {
      description: 'The value of `Cross-Origin-Opener-Policy`. Absent: it is not sent.',
      enum: ['same-origin', 'same-origin-allow-popups', 'noopener-allow-popups', 'unsafe-none'],
      examples: ['same-origin'],
    },
    cross_origin_resource_policy: {
      description: 'The value of `Cross-Origin-Resource-Policy`. Absent: it is not sent.',
      enum: ['same-origin', 'same-site', 'cross-origin'],
      examples: ['same-origin'],
    },
    remove: {
      description: 'Header fields of responses that are removed.',
      type: 'array',
      items: { type: 'string', pattern: TOKEN },
      default: ['X-Powered-By', 'X-AspNet-Version', 'X-AspNetMvc-Version'],
      examples: [['Server', 'X-Powered-By']],
    },
    override: {
      description: 'Whether fields that a backend sends itself are replaced. Else they count on.',
      type: 'boolean',
      default: false,
      examples: [true],
    },
  },
} as const;
