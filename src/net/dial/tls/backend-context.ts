import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

import { nameLine } from '../../../config/certificates/name-line.ts';
import type { ConfigFiles } from '../../../config/files/config-files.ts';
import type { Upstream } from '../../../config/schema/config.generated.ts';
import type { BackendTlsSettings } from '../../../config/sockets/tls-settings.ts';
import { contextOptions, credentialOptions } from '../../tls/contexts/context-options.ts';
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
  /** The subject of the certificate that backends are shown, as in `CN=proxy,O=Example`; undefined: they are shown none. */
  readonly clientSubject: string | undefined;

  /** @throws Error when OpenSSL can't use a file or a setting */
  constructor(settings: BackendTlsSettings, files: BackendTlsFiles) {
    const { certificate } = files;
    this.settings = settings;
    this.clientSubject =
      certificate === undefined ? undefined : nameLine(new X509Certificate(certificate).subject);
    this.secureContext = createSecureContext(optionsOf(settings, files));
  }
}

function optionsOf(settings: BackendTlsSettings, files: BackendTlsFiles): SecureContextOptions {
  const { authorities, certificate, certificateKey: key, certificateKeyPassword: keyPassword } = files;
  return {
    // A backend may have curves that no client would be offered.
    ...contextOptions({ ...settings, curves: settings.curves ?? ['auto'] }),
    ...(authorities !== undefined && { ca: authorities }),
    ...(certificate !== undefined &&
      key !== undefined &&
      credentialOptions([{ certificate, key, keyPassword }])),
  };
}

/** The contents of the files of an upstream, as the load has read them. */
export function backendTlsFiles(tls: NonNullable<Upstream['tls']>, files: ConfigFiles): BackendTlsFiles {
  const { ca_file, client_cert_file, client_key_file, client_key_password_file } = tls;
  const textOf = (name: string | undefined) => (name === undefined ? undefined : files.text(name));
  return {
    authorities: textOf(ca_file),
    certificate: textOf(client_cert_file),
    certificateKey: textOf(client_key_file),
    certificateKeyPassword:
      client_key_password_file === undefined ? undefined : files.password(client_key_password_file),
  };
}
