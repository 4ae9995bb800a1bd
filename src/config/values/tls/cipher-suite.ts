import { suggestion } from '../../problems/closest.ts';

/** What is allowed, after "must be". */
export const CIPHER_SUITE_FORMS =
  'a cipher suite by its standard name, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, or by that of OpenSSL, such as ECDHE-RSA-AES128-GCM-SHA256';

/** The suites of TLS 1.3. OpenSSL calls them by their standard names. */
const TLS13_SUITES: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
];

/** The suites of TLS 1.2 by their names in the IANA registry, with the names that OpenSSL has for them. */
const TLS12_SUITES: ReadonlyMap<string, string> = new Map([
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'ECDHE-ECDSA-AES128-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 'ECDHE-ECDSA-AES128-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'ECDHE-ECDSA-AES256-SHA'],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384', 'ECDHE-ECDSA-AES256-SHA384'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 'ECDHE-RSA-AES128-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 'ECDHE-RSA-AES128-SHA256'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 'ECDHE-RSA-AES256-SHA384'],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
  ['TLS_RSA_WITH_AES_256_GCM_SHA384', 'AES256-GCM-SHA384'],
  ['TLS_RSA_WITH_AES_128_CBC_SHA', 'AES128-SHA'],
  ['TLS_RSA_WITH_AES_128_CBC_SHA256', 'AES128-SHA256'],
  ['TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
  ['TLS_RSA_WITH_AES_256_CBC_SHA256', 'AES256-SHA256'],
]);

/**
 * The suites that are used unless the config says others, by their names in OpenSSL: all have forward secrecy, and none uses CBC. AES with
 * 128 bits comes first, as it is the fastest one where the hardware helps. The schema has the same list.
 */
export const DEFAULT_CIPHER_SUITES: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];

/** Every spelling of a suite in upper case, with the name that OpenSSL has for it. */
const BY_NAME: ReadonlyMap<string, string> = new Map([
  ...TLS13_SUITES.map((name) => [name, name] as const),
  ...TLS12_SUITES,
  ...[...TLS12_SUITES.values()].map((name) => [name, name] as const),
  // Go has two older names.
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
]);

/** Ciphers that are broken, or that no server needs any more. */
const UNSAFE = /RC4|3DES|DES-CBC|_DES_|NULL|EXPORT|ANON|MD5/i;

/**
 * Reads the name of a cipher suite and gives the name that OpenSSL has for it. Upper and lower case are the same.
 * Throws an Error that says what is allowed.
 */
export function parseCipherSuite(text: string): string {
  const name = BY_NAME.get(text.toUpperCase());
  if (name !== undefined) return name;
  if (UNSAFE.test(text)) throw new Error('is not a safe cipher suite, and is not supported: leave it out');
  if (/^(TLS_DHE_|DHE-)/i.test(text))
    throw new Error('is not supported: use the suite with ECDHE instead of DHE');
  if (/[:!+@\s]/.test(text))
    throw new Error('must be one cipher suite: write each suite as an item of the list');
  const like = /^TLS_/i.test(text) ? [...TLS13_SUITES, ...TLS12_SUITES.keys()] : TLS12_SUITES.values();
  throw new Error(`must be ${CIPHER_SUITE_FORMS}${suggestion(text, like)}`);
}

/** Whether a suite, by its name in OpenSSL, is one of TLS 1.3. All others are of TLS 1.2. */
export function isTls13Suite(name: string): boolean {
  return name.startsWith('TLS_');
}

/** Why a suite, by its name in OpenSSL, is weak; undefined for a suite that is not. */
export function weaknessOf(name: string): string | undefined {
  if (isTls13Suite(name)) return undefined;
  if (!name.startsWith('ECDHE-'))
    return 'has no forward secrecy: whoever gets the private key later can read what was recorded';
  return /-SHA(256|384)?$/.test(name) && !name.includes('-GCM-')
    ? 'uses CBC, which has had many attacks: prefer a suite with GCM or CHACHA20'
    : undefined;
}

/** The type of the key that a certificate must have for a suite of TLS 1.2; undefined for a suite of TLS 1.3, which takes all. */
export function keyTypeOfSuite(name: string): 'rsa' | 'ec' | undefined {
  if (isTls13Suite(name)) return undefined;
  return name.includes('-ECDSA-') ? 'ec' : 'rsa';
}
