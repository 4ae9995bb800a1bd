import { suggestion } from '../../problems/closest.ts';

/** The groups by the names that the config shows. OpenSSL takes the same names. */
const CURVES: readonly string[] = [
  'X25519',
  'P-256',
  'P-384',
  'P-521',
  'X448',
  'X25519MLKEM768',
  'SecP256r1MLKEM768',
  'SecP384r1MLKEM1024',
];

/** Other names of the same groups, in lower case: of SECG, ANSI and Go. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ...CURVES.map((name) => [name.toLowerCase(), name] as const),
  ['prime256v1', 'P-256'],
  ['secp256r1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
  ['curvep256', 'P-256'],
  ['curvep384', 'P-384'],
  ['curvep521', 'P-521'],
  ['p256', 'P-256'],
  ['p384', 'P-384'],
  ['p521', 'P-521'],
]);

/** What is allowed, after "must be". */
export const CURVE_FORMS = `one of ${CURVES.join(', ')}`;

/** Reads the name of a group for the key exchange. Throws an Error that says what is allowed. */
export function parseCurve(text: string): string {
  const name = OTHER_NAMES.get(text.toLowerCase());
  if (name !== undefined) return name;
  throw new Error(`must be ${CURVE_FORMS}${suggestion(text, CURVES)}`);
}
