import { verify } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import { derValues, type DerValue } from '../../certificates/der.ts';
import { derTimeMs, objectIdText } from './der-reader.ts';
import { lackWords, pemBlocks } from './pem-blocks.ts';
import { signatureHash } from './signature-hash.ts';

/** A certificate revocation list (RFC 5280, section 5). */
export interface RevocationList {
  readonly line: number;
  /** When the next list is due; undefined when it does not say. Clients are refused after that time. */
  readonly nextUpdateMs: number | undefined;
  /** Whether an authority has signed it. */
  isSignedBy(authority: X509Certificate): boolean;
}

const VERSION = 0x02;
const TIMES: ReadonlySet<number> = new Set([0x17, 0x18]);
/** Algorithms that hash the data themselves. */
const OWN_HASH: ReadonlySet<string> = new Set(['1.3.101.112', '1.3.101.113']);

/** Reads all revocation lists of a PEM file. `failure` is worded to follow the file's name. Does not throw. */
export function readRevocationLists(text: string): {
  readonly lists: readonly RevocationList[];
  readonly failure: string | undefined;
} {
  const blocks = pemBlocks(text);
  const wanted = blocks.filter(({ label }) => label === 'X509 CRL');
  if (wanted.length === 0) return { lists: [], failure: lackWords('revocation list', text, blocks) };
  const lists: RevocationList[] = [];
  for (const { line, text: pem, isCut } of wanted) {
    if (isCut) return { lists: [], failure: `is cut off: its revocation list in line ${line} has no end` };
    try {
      lists.push(listOf(Buffer.from(pem.replaceAll(/-----[^-]+-----/g, ''), 'base64'), line));
    } catch {
      return { lists: [], failure: `can't be read: its revocation list in line ${line} is broken` };
    }
  }
  return { lists, failure: undefined };
}

/** CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signature BIT STRING } */
function listOf(der: Buffer, line: number): RevocationList {
  const [body, algorithm, signature] = derValues(required(derValues(der)[0]).content);
  const fields = derValues(required(body).content);
  const start = fields[0]?.id === VERSION ? 1 : 0;
  const next = fields[start + 3];
  const id = objectIdText(required(derValues(required(algorithm).content)[0]).content);
  const hash = signatureHash(id);
  // The first byte of a BIT STRING says how many bits of the last one do not count.
  const signed = required(signature).content.subarray(1);
  derTimeMs(required(fields[start + 2]));
  return {
    line,
    nextUpdateMs: next !== undefined && TIMES.has(next.id) ? derTimeMs(next) : undefined,
    isSignedBy: ({ publicKey }) => {
      // An algorithm that is not known here, such as RSA-PSS, is left to the handshake.
      if (hash === undefined && !OWN_HASH.has(id)) return true;
      try {
        return verify(hash?.replace('-', '').toLowerCase(), required(body).bytes, publicKey, signed);
      } catch {
        return false;
      }
    },
  };
}

function required(value: DerValue | undefined): DerValue {
  if (value === undefined) throw new Error('a part is missing');
  return value;
}
