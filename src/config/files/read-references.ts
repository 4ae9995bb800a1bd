import { resolve } from 'node:path';
import type { Config } from '../schema/config.generated.ts';
import type { SourceFile } from './config-sources.ts';
import { hashFile, hashOf, readNamedFile } from './read-config-file.ts';
import type { Reference } from './references.ts';
import { referencesOf } from './references.ts';

/** What was found at the files that a config names. */
export interface ReadReferences {
  /** In the order of their paths. */
  readonly files: readonly SourceFile[];
  /** What certificates, keys and passwords hold, by absolute path. */
  readonly contents: ReadonlyMap<string, string>;
  /** The references that can't be used, each with the reason, worded to follow the file's name. */
  readonly failures: readonly { readonly reference: Reference; readonly failure: string }[];
}

/** Looks at all files that a config names, each once: hashes them, and reads the certificates, keys and passwords. */
export async function readReferences(config: Config, directory: string): Promise<ReadReferences> {
  const files = new Map<string, SourceFile>();
  const contents = new Map<string, string>();
  const failures: { readonly reference: Reference; readonly failure: string }[] = [];
  const looked = new Map<string, FoundFile>();
  for (const reference of referencesOf(config)) {
    const file = resolve(directory, reference.file);
    const key = `${reference.content ?? ''} ${file}`;
    const found = looked.get(key) ?? (await look(file, reference));
    looked.set(key, found);
    const { hash, text, failure } = found;
    if (!files.has(file)) files.set(file, { file, role: 'reference', hash, keyPath: reference.keyPath });
    if (text !== undefined) contents.set(file, text);
    if (failure !== undefined) failures.push({ reference, failure });
  }
  const inOrder = [...files.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
  return { files: inOrder, contents, failures };
}

interface FoundFile {
  readonly hash: string | undefined;
  readonly text?: string;
  readonly failure?: string | undefined;
}

async function look(file: string, { content }: Reference): Promise<FoundFile> {
  if (content === undefined) {
    const { hash, failure } = await hashFile(file);
    return { hash, failure };
  }
  const { bytes, failure } = await readNamedFile(file);
  if (bytes === undefined) return { hash: undefined, failure };
  const hash = hashOf(bytes);
  const wrongForm = content === 'pem' ? binaryForm(bytes) : undefined;
  // What is no UTF-8 can only stand in comments of a PEM file.
  return wrongForm === undefined ? { hash, text: bytes.toString('utf8') } : { hash, failure: wrongForm };
}

/** What a file is that holds keys or certificates, but not as PEM; undefined for a text. */
function binaryForm(bytes: Buffer): string | undefined {
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === 0xfeedfeed)
    return 'is a Java key store: export its certificate and key as PEM';
  // DER begins with a SEQUENCE whose length takes more than one byte.
  if (bytes[0] !== 0x30 || (bytes[1] ?? 0) < 0x80) return undefined;
  const start = 2 + ((bytes[1] ?? 0) & 0x7f);
  // PKCS #12 begins with the version 3, as an INTEGER.
  if (bytes.subarray(start, start + 3).equals(Buffer.from([2, 1, 3])))
    return 'is a PKCS #12 file (.p12, .pfx), not PEM: convert it with openssl pkcs12 -in FILE -out FILE.pem -noenc';
  return 'is in the binary form DER, not PEM: convert it with openssl x509 (or pkey, or crl) -inform der';
}
