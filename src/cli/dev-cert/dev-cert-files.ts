import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { Authority, DEFAULT_DAYS } from '../../certificates/authority.ts';
import { messageOf } from '../../errors.ts';
import type { DevCertLine } from '../command-line/dev-cert-line.ts';

/** What was written; paths begin with the folder as the user typed it. */
export interface DevCertFiles {
  readonly ca: string;
  readonly caKey: string;
  /** Whether the authority was made now. */
  readonly isNewCa: boolean;
  readonly cert: string;
  readonly key: string;
  readonly validTo: Date;
}

const DAY_MS = 86_400_000;
const CA_STEM = 'ca';
/** Only its owner may read a private key. */
const KEY_MODE = 0o600;

/** Makes the certificate, and the authority if there is none yet. Returns a text that says what is in the way, if anything is. */
export async function makeFiles(line: DevCertLine): Promise<DevCertFiles | string> {
  const { folder } = line;
  const stem = stemOf(line);
  const cert = join(folder, `${stem}.crt`);
  const key = join(folder, `${stem}.key`);
  const there = [cert, key].find((file) => existsSync(file));
  if (there !== undefined && !line.force)
    return there === cert
      ? `${cert} exists already: use it with ${key}, or replace it with --force`
      : `${there} exists already: --force replaces it`;
  await makeFolder(folder);
  const ca = join(folder, `${CA_STEM}.crt`);
  const caKey = join(folder, `${CA_STEM}.key`);
  const isNewCa = !existsSync(ca) && !existsSync(caKey);
  const authority = isNewCa ? await makeAuthority(ca, caKey) : await readAuthority(ca, caKey);
  if (typeof authority === 'string') return authority;
  const issued = issue(authority, line);
  await replace(key, issued.key);
  await replace(cert, issued.chain);
  return { ca, caKey, isNewCa, cert, key, validTo: new Date(new X509Certificate(issued.cert).validTo) };
}

function issue(authority: Authority, { names, isForClient, keyType, days = DEFAULT_DAYS }: DevCertLine) {
  const end = Date.now() + days * DAY_MS;
  // A certificate that outlives its authority would be refused all the same.
  const notAfter = new Date(Math.min(end, Date.parse(new X509Certificate(authority.cert).validTo)));
  const whose = isForClient ? { subject: names[0] ?? '', usage: 'client' as const } : { names };
  return authority.issue({ ...whose, keyType, notAfter });
}

/** Git ignores what is in the folder: keys belong in no repository. */
async function makeFolder(folder: string): Promise<void> {
  const isNew = (await mkdir(folder, { recursive: true })) !== undefined;
  if (isNew) await writeFile(join(folder, '.gitignore'), '*\n');
}

async function makeAuthority(ca: string, caKey: string): Promise<Authority> {
  const authority = Authority.create(`balance development CA (${hostname().slice(0, 32)})`);
  await writeFile(caKey, authority.key, { mode: KEY_MODE, flag: 'wx' });
  await writeFile(ca, authority.cert, { flag: 'wx' });
  return authority;
}

async function readAuthority(ca: string, caKey: string): Promise<Authority | string> {
  const missing = [ca, caKey].find((file) => !existsSync(file));
  if (missing !== undefined) {
    const other = missing === ca ? caKey : ca;
    return `${missing} is missing beside ${other}: put it back, or remove ${other} to have a new CA made, which clients must trust anew`;
  }
  try {
    const authority = Authority.fromPem(await readFile(ca, 'utf8'), await readFile(caKey, 'utf8'));
    const { ca: isAuthority, validTo } = new X509Certificate(authority.cert);
    const remedy = `remove ${ca} and ${caKey} to have a new CA made, which clients must trust anew`;
    if (!isAuthority) return `${ca} is no certificate of a CA: ${remedy}`;
    return Date.parse(validTo) > Date.now() ? authority : `${ca} expired on ${validTo}: ${remedy}`;
  } catch (thrown) {
    return `${ca} and ${caKey} cannot be used: ${messageOf(thrown)}`;
  }
}

/** Replaces a file in one step: a proxy that follows it never sees half of it. */
async function replace(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await rm(temporary, { force: true });
  await writeFile(temporary, text, { mode: file.endsWith('.key') ? KEY_MODE : 0o644, flag: 'wx' });
  await rename(temporary, file);
}

/** The name of the files without their ending, from the first name. */
function stemOf({ names, isForClient, keyType }: DevCertLine): string {
  const name = (names[0] ?? '').replace(/^\*/, '_wildcard').replace(/[^A-Za-z0-9._-]/g, '_');
  const stem = `${name}${isForClient ? '-client' : ''}${keyType === 'rsa' ? '-rsa' : ''}`;
  return stem === CA_STEM ? `${stem}-server` : stem;
}
