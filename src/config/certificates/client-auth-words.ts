import type { ClientAuth } from './client-auth-of.ts';

/** What is asked of clients, as a sentence. */
export function clientAuthWords({ mode, caFile }: ClientAuth): string {
  const signed = `that an authority of ${caFile ?? 'client_ca_file'} signed`;
  switch (mode) {
    case 'none':
      return 'clients are not asked for a certificate';
    case 'request':
      return 'clients are asked for a certificate, and any one or none will do';
    case 'require':
      return 'clients must show a certificate, and it is not verified';
    case 'verify':
      return `clients may show a certificate, but only one ${signed}`;
    case 'require-and-verify':
      return `clients must show a certificate ${signed}`;
  }
}
