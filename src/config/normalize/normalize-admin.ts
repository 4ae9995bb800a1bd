import type { Path } from '../problems/problem.ts';
import type { FileAdmin, FileAdminTls } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { withoutKeys } from './pick-keys.ts';

/** Older names of keys, which still count. */
const OLDER_NAMES = [
  ['cert_file', 'cert', true],
  ['key_file', 'key', true],
  ['client_ca_file', 'client_ca', false],
] as const;

/** Gives the keys of `admin.tls` their one name. */
export function normalizeAdmin(admin: FileAdmin, context: NormalizeContext): object {
  return admin.tls === undefined ? admin : { ...admin, tls: adminTls(admin.tls, context) };
}

function adminTls(given: FileAdminTls, context: NormalizeContext): object {
  const tls: Record<string, unknown> = {
    ...withoutKeys(
      given,
      OLDER_NAMES.map(([, older]) => older),
    ),
  };
  const at: Path = ['admin', 'tls'];
  for (const [name, older, isRequired] of OLDER_NAMES) {
    if (given[older] === undefined) {
      if (isRequired && given[name] === undefined) context.error(at, `must have the key ${name}`);
      continue;
    }
    if (given[name] === undefined) context.provenance.set([...at, name], [...at, older]);
    else context.error([...at, older], `is given twice: ${name} says it too`);
    tls[name] ??= given[older];
  }
  return tls;
}
