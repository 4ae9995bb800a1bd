import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { BalanceError, messageOf, systemCodeOf, type ErrorCode } from '../../../errors.ts';
import { formatAddress, type Address } from '../../../config/values/address.ts';
import { MAX_BOUND_PATH_BYTES } from './unix-socket.ts';

/** Ports below this one belong to root on most machines. */
const FIRST_FREE_PORT = 1024;

/**
 * The error of a socket that could not be bound. Its message tells the operator what is wrong and what to do.
 *
 * @param what the server that could not be bound, as in `listener web` or `admin server`
 * @param error the error that Node.js threw
 */
export function bindError(what: string, address: Address, error: unknown): BalanceError {
  const [code, reason] =
    address.kind === 'unix' ? unixReason(address.path, error) : tcpReason(address, error);
  const message = `${what} can't bind ${formatAddress(address)}: ${reason}`;
  return new BalanceError(code, message, { cause: error });
}

type Reason = readonly [ErrorCode, string];

function tcpReason({ host, port }: Address & { readonly kind: 'tcp' }, error: unknown): Reason {
  switch (systemCodeOf(error)) {
    case 'EADDRINUSE':
      return [
        'address_in_use',
        `the address is in use: end what listens there (ss -ltnp shows it) or choose another port`,
      ];
    case 'EACCES':
    case 'EPERM':
      return [
        'config_invalid',
        port < FIRST_FREE_PORT
          ? `${user()} may not use ports below ${String(FIRST_FREE_PORT)}: choose a higher port, ` +
            'or give the process the capability CAP_NET_BIND_SERVICE'
          : `${user()} may not use it: the system or its security policy forbids that`,
      ];
    case 'EADDRNOTAVAIL':
      return [
        'config_invalid',
        `this machine has no address ${host}: take one that it has (ip address shows them), or :${String(port)} for all`,
      ];
    case 'EAFNOSUPPORT':
      return ['config_invalid', 'this machine has no IPv6: listen on an IPv4 address'];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
      return [
        'config_invalid',
        `the host name ${host} has no address here (${messageOf(error)}): write an IP address, or :${String(port)} for all`,
      ];
    default:
      return ['internal', messageOf(error)];
  }
}

/** Node.js reports EACCES when the folder is missing, too. So this looks at the file system to find the real reason. */
function unixReason(path: string, error: unknown): Reason {
  const folder = dirname(path);
  const code = systemCodeOf(error);
  if (code === 'EADDRINUSE') {
    return isSocket(path)
      ? ['address_in_use', 'another process listens there: end that one or choose another path']
      : ['address_in_use', 'a file that is no socket has this path: remove it or choose another path'];
  }
  if (code === 'ENAMETOOLONG') {
    return [
      'config_invalid',
      `its path has more than ${String(MAX_BOUND_PATH_BYTES)} bytes: choose a shorter one`,
    ];
  }
  const found = kindOf(folder);
  if (found === 'nothing') {
    return ['config_invalid', `the folder ${folder} does not exist: make it first, it is not made for you`];
  }
  if (found === 'file') return ['config_invalid', `${folder} is a file and no folder: choose another path`];
  if (code === 'EACCES' || code === 'EPERM' || found === 'hidden') {
    return [
      'config_invalid',
      `${user()} may not make files in ${folder}: give it the right to, or choose a folder of its own`,
    ];
  }
  if (code === 'EROFS') {
    return ['config_invalid', `${folder} is on a read-only file system: choose a folder that can be written`];
  }
  return ['internal', messageOf(error)];
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return true;
  }
}

function kindOf(folder: string): 'folder' | 'file' | 'nothing' | 'hidden' {
  try {
    // `/.` follows a link: the folder of the socket may be one.
    return lstatSync(`${folder}/.`).isDirectory() ? 'folder' : 'file';
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'ENOTDIR') return 'file';
    return code === 'ENOENT' ? 'nothing' : 'hidden';
  }
}

function user(): string {
  const id = process.getuid?.();
  return id === undefined ? 'this user' : `the user of this process (uid ${String(id)})`;
}
