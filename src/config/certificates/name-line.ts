/**
 * A distinguished name in one line, the most special part first, as in `CN=site,O=Example` (RFC 4514); '' for an empty one.
 *
 * @param name as the runtime gives it: a line for each part, in the order of the certificate, with a backslash before characters that have
 *   a meaning; undefined when the name is empty
 */
export function nameLine(name: string | undefined): string {
  return (name ?? '')
    .replaceAll(/(?!\n)\p{Cc}/gu, ' ')
    .split('\n')
    .reverse()
    .join(',');
}
