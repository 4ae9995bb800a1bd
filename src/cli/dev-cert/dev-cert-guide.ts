import { basename, join } from 'node:path';

import type { DevCertLine } from '../command-line/dev-cert-line.ts';
import type { DevCertFiles } from './dev-cert-files.ts';

/** What `balance dev-cert` prints: what it wrote, the lines for the config, and how clients come to trust it. */
export function devCertGuide(line: DevCertLine, files: DevCertFiles, folder: string): string {
  const absolute = (file: string): string => yamlText(join(folder, basename(file)));
  const made = `${files.cert} and ${files.key}: a certificate for ${line.names.join(', ')}, valid until ${day(files.validTo)}`;
  const ca = files.isNewCa
    ? `${files.ca} and ${files.caKey}: a CA of your own. Whoever has ${files.caKey} can pretend to be any site to clients that trust it.`
    : `${files.ca}: the CA that was there signed it.`;
  const rest = line.isForClient
    ? forClient(files, absolute)
    : [...forServer(files, absolute), '', ...trustLines(line, files)];
  return `${[made, ca, '', ...rest].join('\n')}\n`;
}

function forServer({ cert, key }: DevCertFiles, absolute: (file: string) => string): string[] {
  return [
    'In the config, at its top level for the only listener, or in one of `listeners` (beside another certificate: in the list `tls.certificates`):',
    '',
    'tls:',
    `  cert_file: ${absolute(cert)}`,
    `  key_file: ${absolute(key)}`,
  ];
}

function trustLines({ names }: DevCertLine, { ca }: DevCertFiles): string[] {
  const [first = ''] = names.filter((name) => !name.startsWith('*')).concat('localhost');
  const host = first.includes(':') ? `[${first}]` : first;
  return [
    `Clients must trust ${ca}:`,
    `  curl      curl --cacert ${ca} https://${host}:8443/    (with your listener's port)`,
    `  Node.js   NODE_EXTRA_CA_CERTS=${ca} node program.js`,
    `  Debian    sudo cp ${ca} /usr/local/share/ca-certificates/balance-dev.crt && sudo update-ca-certificates`,
    `  macOS     sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${ca}`,
    `  Windows   certutil -addstore -f ROOT ${ca}`,
    '  Firefox   Settings, Privacy & Security, Certificates, View Certificates, Authorities, Import',
    '  Chrome    as the system does; on Linux: Settings, Privacy and security, Security, Manage certificates',
  ];
}

function forClient({ ca, cert, key }: DevCertFiles, absolute: (file: string) => string): string[] {
  return [
    'In the config, in the `tls` section of the listener that asks for it:',
    '',
    '  client_auth: require-and-verify',
    `  client_ca_file: ${absolute(ca)}`,
    '',
    'The client shows it:',
    `  curl --cacert ${ca} --cert ${cert} --key ${key} https://localhost:8443/    (with your listener's port)`,
  ];
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** A text as YAML has it, in quotes if it needs them. */
function yamlText(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : JSON.stringify(text);
}
