import type {
  ExplainedEdits,
  ExplainedField,
  ExplainedReading,
  ExplainedRule,
} from '../../plugin-api/index.ts';
import type {
  Explanation,
  ExplainedSticky,
  ExplainedBackendTls,
  ExplainedCertificate,
  ExplainedTls,
  ForwardedRequest,
} from '../../runtime/explain/explanation.ts';
import { backendLines, upstreamSections } from './upstream-text.ts';

const LABEL_WIDTH = 11;
/** How many routes that did not take the request are shown. Those that came closest are chosen. */
const MAX_OTHERS = 10;

/** Writes an explanation for people to read, with a line break at its end. */
export function explanationText(explanation: Explanation): string {
  const { listener, request, tls, filters, answer, forwarded, response, upstream, notes } = explanation;
  const from = request.from === request.client ? request.from : `${request.from}, for ${request.client}`;
  const lines = [
    ...(listener.mode === 'tcp'
      ? section('client', [from])
      : section('request', [`${request.method} ${request.target} from ${from}`])),
    ...section('listener', [`${listener.name} (${listener.mode}, ${listener.address}): ${listener.reason}`]),
    ...section('', listener.proxy_protocol === undefined ? [] : [listener.proxy_protocol]),
    ...section('tls', tls === undefined ? [] : tlsLines(tls)),
    ...section('route', routeLines(explanation)),
    ...section('filters', filters === undefined ? [] : [`${filters.join(', ')}: not asked here`]),
    ...section(
      'answer',
      answer === undefined ? [] : [`${answer.status} by the proxy itself: ${answer.reason}`],
    ),
    ...section('readings', (answer?.readings ?? []).map(readingText)),
    ...section('forwarded', forwarded === undefined ? [] : forwardedLines(forwarded)),
    ...section('response', response === undefined ? [] : editLines(response)),
  ];
  if (upstream !== undefined) {
    const { name, algorithm, hash_key: key, sticky, backends, picked, reason } = upstream;
    const keyText = key === undefined ? '' : `, ${key.from} = ${key.value ?? 'not there'}`;
    const sent = upstream.proxy_protocol;
    const sentText = sent === undefined ? '' : `, after a PROXY header ${sent}`;
    const over = upstream.tls === undefined ? [] : [backendTlsText(upstream.tls)];
    lines.push(...section('upstream', [`${name} (${algorithm}${keyText})${sentText}`, ...over]));
    lines.push(...section('sticky', sticky === undefined ? [] : [stickyText(sticky)]));
    lines.push(...section('backends', backendLines(backends)));
    for (const [label, texts] of upstreamSections(upstream)) lines.push(...section(label, texts));
    lines.push(...section('picked', [picked === undefined ? reason : `${picked}: ${reason}`]));
  }
  lines.push(...notes.flatMap((note) => section('note', [note])));
  return `${lines.join('\n')}\n`;
}

function section(label: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`);
}

function stickyText({ type, name = '', backend }: ExplainedSticky): string {
  const source = type === 'source' ? 'address of the client' : `${type} ${name}`;
  return `${source}: ${backend === undefined ? 'the client may get any backend' : `the client belongs to ${backend}`}`;
}

function backendTlsText(tls: ExplainedBackendTls): string {
  const { server_name: name = 'the host of its address', verify } = tls;
  const checked = verify ? `their certificate must be for ${name}` : 'their certificates are not verified';
  const { client_certificate_file: file } = tls;
  return `over TLS: ${checked}${file === undefined ? '' : `; the proxy shows them ${file}`}`;
}

function tlsLines(tls: ExplainedTls): string[] {
  const name = tls.sni ?? 'no host name';
  if (tls.decision === 'refuse') return [`${name}: refused: ${tls.reason}`];
  if (tls.decision === 'pass') return [`${name}: passed on undecrypted: ${tls.reason}`];
  const {
    min_version: oldest = '',
    max_version: newest = '',
    client_auth: auth = 'none',
    client_rule: rule,
  } = tls;
  const versions = oldest === newest ? `TLS ${oldest}` : `TLS ${oldest} to ${newest}`;
  return [
    `${name}: decrypted here: ${tls.reason}`,
    ...(tls.certificates ?? []).map(certificateText),
    auth === 'none' ? versions : `${versions}; ${rule ?? auth}`,
  ];
}

function certificateText(certificate: ExplainedCertificate): string {
  const { file, domains, is_for_host: isForHost, problem } = certificate;
  const mismatch = isForHost === false ? '; clients that check the name refuse it' : '';
  return `${file} (${domains.join(', ')}): ${problem ?? validityText(certificate)}${mismatch}`;
}

function validityText({
  not_before = '',
  not_after = '',
  days_left: days = 0,
}: ExplainedCertificate): string {
  if (days < 0) return `expired on ${not_after.slice(0, 10)}; clients refuse it`;
  if (Date.parse(not_before) > Date.now())
    return `not valid before ${not_before.slice(0, 10)}; clients refuse it`;
  const left = days === 0 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`;
  return `valid until ${not_after.slice(0, 10)}, ${left} left`;
}

function routeLines({ routes, route, listener }: Explanation): string[] {
  const others = routes.filter(({ matches }) => !matches);
  const taking = routes.find(({ matches }) => matches);
  const first =
    taking === undefined
      ? []
      : route === ''
        ? [`none; the listener ${listener.name} has an upstream of its own`]
        : [`${taking.name}: ${taking.conditions.length === 0 ? 'takes everything' : conditionsText(taking)}`];
  const none = taking === undefined && routes.length > 0 ? ['none'] : [];
  const closest = nearest(others);
  const left = others.length - closest.length;
  return [
    ...first,
    ...none,
    ...closest.map((rule) => `not ${rule.name}: ${unmetText(rule)}`),
    ...(left === 0 ? [] : [`nor ${left} more, which --json lists`]),
  ];
}

function readingText({ path, rule }: ExplainedReading): string {
  if (rule === undefined) return `${path}: no route`;
  return rule === '' ? `${path}: the listener's own upstream` : `${path}: route ${rule}`;
}

/** The rules with the fewest unmet conditions, in the order in which the proxy looks at them. */
function nearest(rules: readonly ExplainedRule[]): readonly ExplainedRule[] {
  if (rules.length <= MAX_OTHERS) return rules;
  const misses = ({ conditions }: ExplainedRule): number => conditions.filter(({ holds }) => !holds).length;
  const limit = rules.map(misses).sort((a, b) => a - b)[MAX_OTHERS - 1] ?? 0;
  return rules.filter((rule) => misses(rule) <= limit).slice(0, MAX_OTHERS);
}

function conditionsText({ conditions }: ExplainedRule): string {
  return conditions.map(({ of, wanted }) => `${of} ${wanted}`).join(', ');
}

function unmetText({ conditions }: ExplainedRule): string {
  return conditions
    .filter(({ holds }) => !holds)
    .map(({ of, wanted, got }) => `${of} is ${got ?? 'not there'}, not ${wanted}`)
    .join('; ');
}

function forwardedLines({ line, changes }: ForwardedRequest): string[] {
  const { target } = changes;
  return [
    target === undefined ? line : `${line} (was ${target.before})`,
    ...changes.removed.map((field) => `- ${fieldText(field)}`),
    ...changes.added.map((field) => `+ ${fieldText(field)}`),
  ];
}

function editLines({ removed, added }: ExplainedEdits): string[] {
  return [...removed.map((name) => `- ${name}`), ...added.map((field) => `+ ${fieldText(field)}`)];
}

function fieldText([name, value]: ExplainedField): string {
  return `${name}: ${value}`;
}
