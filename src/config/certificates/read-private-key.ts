import { createPrivateKey, type KeyObject } from 'node:crypto';
import { messageOf, systemCodeOf } from '../../errors.ts';
import { lackWords, pemBlocks } from './pem-blocks.ts';

/** A private key, or why there is none. Messages follow the name of the file with the key, or of that with its password. */
export type PrivateKeyResult =
  | { readonly key: KeyObject; readonly isEncrypted: boolean }
  | { readonly failure: string; readonly of: 'key' | 'password' };

/** Reads the private key of a PEM file. Does not throw. No message has a part of the key or the password in it. */
export function readPrivateKey(text: string, password: string | undefined): PrivateKeyResult {
  const blocks = pemBlocks(text);
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const [first] = keys;
  if (first === undefined) return failed(lackWords('private key', text, blocks));
  if (keys.length > 1) {
    const lines = keys.map(({ line }) => line).join(', ');
    return failed(`holds ${keys.length} private keys (lines ${lines}): keep one of them`);
  }
  if (first.isCut) return failed(`is cut off: its private key in line ${first.line} has no end`);
  if (first.label === 'OPENSSH PRIVATE KEY')
    return failed('holds a key of SSH: convert it with ssh-keygen -p -m PEM -f FILE');
  const isEncrypted = first.label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type:.*ENCRYPTED/m.test(first.text);
  if (isEncrypted && password === undefined)
    return failed('holds an encrypted private key: name the file with its password in key_password_file');
  if (isEncrypted && password === '') return { failure: 'is empty', of: 'password' };
  try {
    const passphrase = isEncrypted && password !== undefined ? { passphrase: password } : {};
    return { key: createPrivateKey({ key: first.text, ...passphrase }), isEncrypted };
  } catch (thrown) {
    if (isEncrypted && !isUnsupported(thrown))
      return { failure: 'does not hold the password of the private key', of: 'password' };
    const way = isEncrypted ? 'it is encrypted in a way that the runtime does not support' : reasonOf(thrown);
    return failed(`holds a private key that can't be read: ${way}`);
  }
}

function failed(failure: string): PrivateKeyResult {
  return { failure, of: 'key' };
}

function isUnsupported(thrown: unknown): boolean {
  return /UNSUPPORTED|UNKNOWN_CIPHER/.test(systemCodeOf(thrown));
}

/** OpenSSL's own words, without the code. They never have parts of the key. */
function reasonOf(thrown: unknown): string {
  return messageOf(thrown).split(':').at(-1)?.trim() ?? '';
}
