import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

import type { BackendTlsSettings } from '../../../config/sockets/tls-settings.ts';
import { SessionCache } from './session-cache.ts';

/** The contents of the files that the settings name, in PEM. */
export interface BackendTlsFiles {
  readonly authorities?: string | undefined;
  readonly certificate?: string | undefined;
  readonly certificateKey?: string | undefined;
  readonly certificateKeyPassword?: string | undefined;
}

/**
 * What all TLS connections with the same settings share. Without `authorities`, those of the runtime are trusted: Mozilla's list as it
 * comes with Node.js, those of `NODE_EXTRA_CA_CERTS`, or what options of Node.js such as `--use-openssl-ca` say.
 */
export class BackendContext {
  readonly settings: BackendTlsSettings;
  readonly secureContext: SecureContext;
  /** Sessions of this context are only resumed in it: another context may trust others, or show another certificate. */
  readonly sessions = new SessionCache();

  /** @throws Error when OpenSSL can't use a file or a setting */
  constructor(settings: BackendTlsSettings, files: BackendTlsFiles) {
    this.settings = settings;
    this.secureContext = createSecureContext(contextOptions(settings, files));
  }
}

function contextOptions(settings: BackendTlsSettings, files: BackendTlsFiles): SecureContextOptions {
  const { cipherSuites, minVersion, maxVersion } = settings;
  const { authorities, certificate, certificateKey, certificateKeyPassword: password } = files;
  return {
    minVersion: `TLSv${minVersion}`,
    maxVersion: `TLSv${maxVersion}`,
    ...(cipherSuites.length > 0 && { ciphers: cipherSuites.join(':') }),
    ...(authorities !== undefined && { ca: authorities }),
    ...(certificate !== undefined && { cert: certificate, key: certificateKey }),
    // An editor may have ended the line of the password.
    ...(password !== undefined && { passphrase: password.replace(/\r?\n$/, '') }),
  };
}
