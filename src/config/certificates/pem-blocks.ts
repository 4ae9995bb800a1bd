/** One part of a PEM file (RFC 7468). */
export interface PemBlock {
  /** As in `CERTIFICATE`. */
  readonly label: string;
  /** The line of the file in which it begins; the first one is 1. */
  readonly line: number;
  /** With its first and last line. */
  readonly text: string;
  /** Whether its last line is missing. */
  readonly isCut: boolean;
}

const BEGIN = /^-----BEGIN ([^-]+)-----\s*$/;

/** The parts of a PEM file. What stands between them, such as comments, is left out. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly line: number; readonly lines: string[] } | undefined;
  const close = (isCut: boolean): void => {
    if (open === undefined) return;
    const { label, line, lines } = open;
    blocks.push({ label, line, text: `${lines.join('\n')}\n`, isCut });
    open = undefined;
  };
  // A byte order mark may stand before the first line.
  for (const [index, written] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = written.trimEnd();
    const label = BEGIN.exec(line.trimStart())?.[1];
    if (label !== undefined) {
      close(true);
      open = { label, line: index + 1, lines: [] };
    }
    open?.lines.push(line.trimStart());
    if (open !== undefined && line.trimStart() === `-----END ${open.label}-----`) close(false);
  }
  close(true);
  return blocks;
}

/** Says that a PEM file does not hold what it should, worded to follow the file's name. */
export function lackWords(wanted: string, text: string, blocks: readonly PemBlock[]): string {
  return text.trim() === '' ? 'is empty' : `holds no ${wanted}, but ${contentWords(blocks)}`;
}

/** What a PEM file holds, in words: `a certificate and a private key`. */
function contentWords(blocks: readonly PemBlock[]): string {
  const words = new Set(blocks.map(({ label }) => wordOf(label)));
  if (words.size === 0) return 'something other than PEM: none of its lines begins with -----BEGIN';
  return [...words].join(' and ');
}

function wordOf(label: string): string {
  if (label === 'CERTIFICATE' || label === 'TRUSTED CERTIFICATE' || label === 'X509 CERTIFICATE')
    return 'a certificate';
  if (label === 'OPENSSH PRIVATE KEY') return 'a key of SSH';
  if (label.endsWith('PRIVATE KEY')) return 'a private key';
  if (label === 'PUBLIC KEY' || label === 'RSA PUBLIC KEY') return 'a public key';
  if (label === 'CERTIFICATE REQUEST' || label === 'NEW CERTIFICATE REQUEST')
    return 'a certificate request (CSR), which an authority has not signed yet';
  if (label === 'X509 CRL') return 'a revocation list';
  if (label === 'PKCS7' || label === 'CMS') return 'a PKCS #7 bundle';
  return `"${label.slice(0, 40)}"`;
}
