/** A wrong value, and what was expected there. */
export interface Slip {
  /** The value as YAML read it. */
  readonly value: unknown;
  /** The types that the schema allows. */
  readonly types: readonly string[];
  /** The format that the schema wants of a text. */
  readonly format: string | undefined;
  /** Whether the value would be right as a text. */
  readonly fitsQuoted: boolean;
  /** The key of the list or mapping that holds the value, such as `backends`. */
  readonly under: string;
}

const SWITCHES: Readonly<Record<string, 'true' | 'false'>> = {
  on: 'true',
  yes: 'true',
  y: 'true',
  enabled: 'true',
  off: 'false',
  no: 'false',
  n: 'false',
  disabled: 'false',
};

const LEAVE_OUT = '; to turn it off, leave it out';

/** Sections for which people write one value, as it is in other proxies, and how the section is written. */
const SECTION_FORMS: Readonly<Record<string, string>> = {
  budget: '{ percent: 20 }',
  circuit_breaker: '{ max_failures: 5 }',
  event_loop_delay: '{ refuse: 250ms, pause: 1s }',
  health_check: '{ type: http, path: /health }',
  heap_percent: '{ refuse: 90, pause: 95 }',
  hedge: '{ after: 500ms }',
  load_balancer: '{ algorithm: round-robin }',
  outlier_detection: '{ max_ejection_percent: 50 }',
  passive_checks: '{ consecutive_failures: 5 }',
  queue: '{ max_size: 100, timeout: 5s }',
  retry: '{ max_attempts: 3 }',
  sticky: '{ type: cookie }',
};

/**
 * A hint for a common mistake, to be appended to the message that says what is allowed; '' for other mistakes. The hint never repeats the
 * value, which may be a secret.
 */
export function slipHint(slip: Slip): string {
  const { value, types, format } = slip;
  if (isSwitchedSection(slip)) return sectionHint(value, slip.under);
  const form = Object.hasOwn(SECTION_FORMS, slip.under) ? SECTION_FORMS[slip.under] : undefined;
  if (form !== undefined && isOneValue(value) && types.includes('object'))
    return value === false ? LEAVE_OUT : `; write it as ${slip.under}: ${form}`;
  if (typeof value === 'number' || typeof value === 'boolean') return scalarHint(value, slip);
  if (value === null && format !== undefined)
    return '; it is empty: without quotes, YAML reads null as no value';
  const mayBeText = typeof value === 'string' && types.includes('string');
  if (types.includes('array') && !mayBeText) return listHint(value);
  if (typeof value !== 'string') return '';
  if (/^[“”„‘’«]/u.test(value)) return `; the quotes are typographic ones: write ' or "`;
  if (format === 'listen-address') return listenHint(value);
  if (format === 'backend-address') return backendHint(value);
  if (format !== undefined) return durationHint(value, format);
  if (isNumeric(types) && /^\d+(\.\d+)?\s*%$/.test(value)) return ', without the % sign';
  if (types.includes('boolean') && Object.hasOwn(SWITCHES, value.toLowerCase()))
    return `; in YAML 1.2 that is a text: write ${SWITCHES[value.toLowerCase()] ?? ''}`;
  return types.includes('object') ? mappingHint(value, slip.under) : '';
}

function isNumeric(types: readonly string[]): boolean {
  return types.includes('integer') || types.includes('number');
}

function isOneValue(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** Whether a section about the client's side got one word, as its namesake of upstreams may have it. */
function isSwitchedSection({ value, types, under }: Slip): boolean {
  if (under !== 'tls' && under !== 'proxy_protocol') return false;
  const isWord = typeof value === 'boolean' || typeof value === 'string';
  return isWord && types.includes('object') && !types.includes('boolean');
}

function sectionHint(value: unknown, under: string): string {
  if (value === false) return LEAVE_OUT;
  if (under === 'tls') return '; write it as tls: { cert_file: site.crt, key_file: site.key }';
  return '; write { trusted: [10.0.0.0/8] } to accept the header from these addresses; to send it, see proxy_protocol of an upstream, or { send: v2 } in a file without upstreams';
}

function scalarHint(value: number | boolean, { format, fitsQuoted }: Slip): string {
  if (format === 'listen-address' && Number.isInteger(value))
    return "; write a port alone with a colon and in quotes, as in ':8080'";
  if (!fitsQuoted) return '';
  const kind = typeof value === 'number' ? 'a number' : 'true or false';
  return `; YAML reads it as ${kind}: put it in quotes`;
}

function listenHint(text: string): string {
  if (/^\d+$/.test(text)) return "; write a port alone with a colon, as in ':8080'";
  if (text.startsWith('/')) return '; write unix: before the path of a socket file';
  return '';
}

function backendHint(text: string): string {
  if (text.startsWith('/')) return '; write unix: before the path of a socket file';
  return /^[^:/]+$/.test(text) ? '; the port is missing: write it after a colon, as in localhost:3000' : '';
}

function durationHint(text: string, format: string): string {
  if (!/duration|age$/.test(format)) return '';
  if (/^\d+:\d\d(:\d\d)?$/.test(text))
    return '; write it with units instead of colons: 1m30s instead of 1:30';
  return /^[\d.]+\s+\S/.test(text) ? '; write no space between number and unit: 30s instead of 30 s' : '';
}

function listHint(value: unknown): string {
  const first = typeof value === 'object' && value !== null ? Object.keys(value)[0] : value;
  if (typeof first !== 'string') return '';
  if (/^[–—−•]/u.test(first)) return '; items begin with a hyphen (-), and this is another character';
  return "; write each item on a line of its own that begins with '- '";
}

function mappingHint(text: string, under: string): string {
  if (under === 'backends' && !/^\w[\w-]*:[a-z]/i.test(text)) return '; write it as address: localhost:3000';
  if (/^[A-Za-z_]\w*:\S/.test(text)) return '; a space is missing after the colon, as in name: value';
  return '';
}
