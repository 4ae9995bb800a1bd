/**
 * Why a connection was refused whose listener demands a PROXY header, by the code that the metrics show as `reason`. The words complete a
 * log line; where a header breaks a rule, the line says which one.
 */
export const PROXY_REFUSAL_REASONS = {
  untrusted: 'its address is not in proxy_protocol.trusted',
  missing: 'its first bytes are no PROXY header',
  malformed: 'its PROXY header breaks a rule',
  too_large: 'its PROXY header is larger than 4 KiB',
  checksum: 'the checksum of its PROXY header does not match its bytes',
  incomplete: 'it ended within its PROXY header',
  timeout: 'its PROXY header took too long',
} as const;

/** A key of {@link PROXY_REFUSAL_REASONS}. */
export type ProxyRefusalReason = keyof typeof PROXY_REFUSAL_REASONS;

/** All reasons, in the order in which metrics show them. */
export const PROXY_REFUSAL_CODES = Object.keys(PROXY_REFUSAL_REASONS) as readonly ProxyRefusalReason[];
