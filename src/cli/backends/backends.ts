import { suggestion } from '../../config/problems/closest.ts';
import type { BackendsLine } from '../command-line/backends-line.ts';
import { loadFile } from '../offline/load-file.ts';
import type { CommandContext } from '../process/command-context.ts';
import { exitCode } from '../process/exit-code.ts';
import { adminPlace } from './admin-place.ts';
import { askAdmin, type AdminAnswer } from './ask-admin.ts';
import type { BackendsAnswer } from './backends-answer.ts';
import { backendsTable } from './backends-table.ts';

/** The answer of `POST /backends/NAME/drain` and the like. */
interface SetAnswer {
  readonly state: string | null;
  readonly backends: readonly {
    readonly upstream: string;
    readonly name: string;
    readonly address: string;
  }[];
}

/**
 * `balance backends`: shows the backends of the running proxy, or sets the state of one. Asks the admin server that the config names. Resolves
 * with the exit code.
 */
export async function backends(line: BackendsLine, context: CommandContext): Promise<number> {
  const { stdout, stderr } = context;
  const { loaded } = await loadFile(line.configFile, context);
  const place = await adminPlace(loaded);
  const listed = await askAdmin(place, 'GET', '/backends');
  if (listed.status !== 200) return refused(listed, context);
  const known = listed.body as BackendsAnswer;
  const { verb, name, reason, json } = line;
  if (name === undefined) {
    stdout.write(json ? `${JSON.stringify(listed.body, null, 2)}\n` : backendsTable(known));
    return exitCode.ok;
  }
  const path = pathOf(name, known);
  if (path === undefined) {
    stderr.write(`balance: there is no backend '${name}'${suggestion(name, namesIn(known))}\n`);
    return exitCode.usage;
  }
  const answer = await askAdmin(place, 'POST', `${path}/${verb}`, reason === undefined ? {} : { reason });
  if (answer.status !== 200) return refused(answer, context);
  if (json) stdout.write(`${JSON.stringify(answer.body, null, 2)}\n`);
  else {
    const { state, backends: set } = answer.body as SetAnswer;
    for (const { upstream, name: backend, address } of set)
      stdout.write(`${upstream}/${backend} (${address}): ${state ?? 'as its checks say'}\n`);
  }
  return exitCode.ok;
}

/** The path of a backend in the admin API; undefined when the proxy has none of that name. `UPSTREAM/NAME` is read only where no name is like it. */
function pathOf(name: string, { backends: all }: BackendsAnswer): string | undefined {
  if (all.some((backend) => backend.name === name)) return `/backends/${encodeURIComponent(name)}`;
  for (const backend of all)
    for (const upstream of backend.upstreams)
      if (`${upstream.name}/${backend.name}` === name)
        return `/backends/${encodeURIComponent(upstream.name)}/${encodeURIComponent(backend.name)}`;
  return undefined;
}

function* namesIn({ backends: all }: BackendsAnswer): Iterable<string> {
  for (const { name, upstreams } of all) {
    yield name;
    for (const upstream of upstreams) yield `${upstream.name}/${name}`;
  }
}

function refused({ status, body }: AdminAnswer, { stderr }: CommandContext): number {
  const { message, error, paths } = (body ?? {}) as { message?: unknown; error?: unknown; paths?: unknown };
  const text = [message, error].find((part) => typeof part === 'string') ?? String(status);
  const choices = Array.isArray(paths) ? paths.map((path) => `\n  ${nameIn(String(path))}`).join('') : '';
  stderr.write(`balance: ${text}${choices}\n`);
  return exitCode.failed;
}

/** `UPSTREAM/NAME` of a path of the admin API. */
function nameIn(path: string): string {
  return path.split('/').slice(2).map(decodeURIComponent).join('/');
}
