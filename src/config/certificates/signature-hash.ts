/** The hash of a signature algorithm, by its object identifier. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.4', 'MD5'],
  ['1.2.840.113549.1.1.5', 'SHA-1'],
  ['1.2.840.113549.1.1.11', 'SHA-256'],
  ['1.2.840.113549.1.1.12', 'SHA-384'],
  ['1.2.840.113549.1.1.13', 'SHA-512'],
  ['1.2.840.113549.1.1.14', 'SHA-224'],
  ['1.2.840.10045.4.1', 'SHA-1'],
  ['1.2.840.10045.4.3.1', 'SHA-224'],
  ['1.2.840.10045.4.3.2', 'SHA-256'],
  ['1.2.840.10045.4.3.3', 'SHA-384'],
  ['1.2.840.10045.4.3.4', 'SHA-512'],
  ['1.2.840.10040.4.3', 'SHA-1'],
]);

/** The hash that a signature was made with; undefined for algorithms that have one of their own, such as Ed25519, and for unknown ones. */
export function signatureHash(algorithmId: string): string | undefined {
  return HASHES.get(algorithmId);
}

/** Whether forged signatures can be made with a hash. */
export function isBrokenHash(hash: string | undefined): boolean {
  return hash === 'MD5' || hash === 'SHA-1';
}
