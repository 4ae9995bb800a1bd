import type { Config, Upstream as UpstreamConfig } from '../../config/schema/config.generated.ts';
import type {
  Backend,
  ExplainRequest,
  ProtocolExplanation,
  ProtocolInstance,
} from '../../plugin-api/index.ts';
import type { ConfigFiles } from '../../config/files/config-files.ts';
import { parseAddress } from '../../config/values/address.ts';
import { BalanceError, messageOf } from '../../errors.ts';
import type { UpstreamGroup } from '../../upstream/group/upstream-group.ts';
import { askedRequest, type AskedRequest } from './asked-request.ts';
import { chooseListener, ownServers, type ReachableListener } from './choose-listener.ts';
import { planTls, type TlsPlan } from './explain-tls.ts';
import { explainUpstream, likelyMember, type RequestMarks } from './explain-upstream.ts';
import type { ExplainQuestion } from './explain-question.ts';
import type { Explanation } from './explanation.ts';
import { forwardedRequest, maskedRules, shownEdits, shownFields } from './shown-message.ts';

const DEFAULT_CLIENT = '127.0.0.1';
/** Shown in place of a backend that nobody can know beforehand. */
const SOME_BACKEND = '<backend>';

/** What questions are answered from: the live generation, or one that was built from a file and never runs. */
export interface ExplainedPlan {
  readonly live: boolean;
  /** Number of the generation; undefined when it is not live. */
  readonly generation: number | undefined;
  readonly config: Config;
  readonly listeners: readonly PlannedInstance[];
  readonly group: (upstream: string) => UpstreamGroup | undefined;
  /** The files of the config. */
  readonly files: ConfigFiles;
}

export interface PlannedInstance extends ReachableListener {
  readonly instance: ProtocolInstance;
}

/** Finds the way of a request through a plan, without sending it. Throws a QuestionError when the question makes no sense. */
export function explain(plan: ExplainedPlan, question: ExplainQuestion): Explanation {
  return new Explaining(plan, question).explanation();
}

const NO_CERTIFICATE =
  "what depends on the client's certificate is not shown, such as the headers of client_certificate_headers";

class Explaining {
  readonly #plan: ExplainedPlan;
  readonly #asked: AskedRequest;
  readonly #listener: PlannedInstance;
  readonly #reason: string;
  /** undefined when the listener, or the client, does not speak TLS. */
  readonly #tls: TlsPlan | undefined;
  readonly #request: ExplainRequest;
  readonly #notes: string[] = [];

  constructor(plan: ExplainedPlan, question: ExplainQuestion) {
    this.#plan = plan;
    this.#asked = askedRequest(question);
    const { listener, reason } = chooseListener(
      plan.listeners,
      this.#asked,
      question.listener,
      ownServers(plan.config),
    );
    this.#listener = listener;
    this.#reason = reason;
    this.#tls =
      this.#asked.isSecure === false ? undefined : planTls(listener.config, this.#askedHost(), plan.files);
    this.#request = this.#sent();
    if (!plan.live) this.#notes.push('not a running proxy: health, load and whose turn it is are not known');
  }

  explanation(): Explanation {
    const protocol = this.#protocol();
    const { rules, filters, answer, forwarded } = protocol;
    const { live, generation } = this.#plan;
    const { method, target, fields, remoteAddress } = this.#request;
    const taking = rules.find(({ matches }) => matches);
    return {
      live,
      ...(generation === undefined ? {} : { generation }),
      request: {
        method,
        target,
        headers: shownFields(fields),
        from: remoteAddress,
        client: forwarded?.clientAddress ?? remoteAddress,
      },
      listener: this.#shownListener(),
      ...(this.#tls === undefined ? {} : { tls: this.#tls.shown }),
      routes: maskedRules(rules),
      ...(taking === undefined ? {} : { route: taking.name }),
      ...(filters === undefined ? {} : { filters }),
      ...(answer === undefined ? {} : { answer }),
      ...(forwarded?.message === undefined
        ? {}
        : { forwarded: forwardedRequest(forwarded.message, this.#request) }),
      ...(forwarded?.response === undefined ? {} : { response: shownEdits(forwarded.response) }),
      ...this.#upstream(protocol),
      notes: this.#notes,
    };
  }

  /** The request that the listener would get. */
  #sent(): ExplainRequest {
    const { method, target, fields, authority, from } = this.#asked;
    const local = parseAddress(this.#listener.address);
    const port = local.kind === 'tcp' ? local.port : 0;
    const host = local.kind === 'tcp' && local.host !== '' ? local.host : DEFAULT_CLIENT;
    const named = fields.some(([name]) => name.toLowerCase() === 'host');
    const shownHost = authority !== '' ? authority : `${host.includes(':') ? `[${host}]` : host}:${port}`;
    return {
      method,
      target,
      fields: named ? fields : [['Host', shownHost], ...fields],
      remoteAddress: from ?? (local.kind === 'tcp' ? DEFAULT_CLIENT : 'unix'),
      localAddress: host,
      localPort: port,
      tls: this.#tls?.session,
      pick: (upstream, key, session) => this.#pick(upstream, { key, session }),
    };
  }

  /** The host that a client would ask for in a TLS handshake: that of the URL or, without one, of the field Host. */
  #askedHost(): string {
    const { authority, fields } = this.#asked;
    const named = authority || (fields.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? '');
    return named.replace(/:\d*$/, '');
  }

  #protocol(): ProtocolExplanation {
    return this.#beforeProtocol() ?? this.#ofProtocol();
  }

  /** What happens to the connection before its protocol gets it; undefined when its protocol does. */
  #beforeProtocol(): ProtocolExplanation | undefined {
    const { config } = this.#listener;
    const { isSecure } = this.#asked;
    if (config.tls !== undefined && isSecure === false)
      return {
        rules: [],
        answer: { status: 400, reason: 'this port speaks TLS, and the URL is no https one' },
      };
    if (config.tls === undefined && isSecure === true)
      this.#notes.push(
        'the listener does not speak TLS: the URL only works where something in front of it does',
      );
    if (this.#tls === undefined || this.#tls.session !== undefined) {
      const { client_auth: auth = 'none' } = this.#tls?.shown ?? {};
      if (auth !== 'none' && config.mode !== 'tcp') this.#notes.push(NO_CERTIFICATE);
      return undefined;
    }
    const { passedTo } = this.#tls;
    if (passedTo === undefined) return { rules: [] };
    const { remoteAddress } = this.#request;
    const forwarded = { upstream: passedTo, clientAddress: remoteAddress };
    const isKeyed = this.#find(passedTo)?.config.load_balancer.hash_key === 'source-ip';
    return { rules: [], forwarded: isKeyed ? { ...forwarded, key: remoteAddress } : forwarded };
  }

  #ofProtocol(): ProtocolExplanation {
    const { instance, config } = this.#listener;
    if (instance.explain === undefined) {
      this.#notes.push(`the plugin ${config.mode} does not explain what it does with a request`);
      if (config.upstream === undefined) return { rules: [] };
      const forwarded = { upstream: config.upstream, clientAddress: this.#request.remoteAddress };
      return { rules: [], forwarded };
    }
    try {
      return instance.explain(this.#request);
    } catch (error) {
      throw new BalanceError(
        'plugin_failed',
        `listener ${config.name}: ${config.mode} failed to explain: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  #pick(upstream: string, marks: RequestMarks): Backend {
    const found = this.#find(upstream);
    const member = found && likelyMember(found.config, found.group, marks, this.#plan.live);
    return member?.backend ?? { index: -1, name: SOME_BACKEND, address: SOME_BACKEND };
  }

  #upstream({ forwarded }: ProtocolExplanation): Pick<Explanation, 'upstream'> {
    const found = forwarded && this.#find(forwarded.upstream);
    if (found === undefined) return {};
    return { upstream: explainUpstream(found.config, found.group, forwarded ?? {}, this.#plan.live) };
  }

  #find(name: string): { readonly config: UpstreamConfig; readonly group: UpstreamGroup } | undefined {
    const config = this.#plan.config.upstreams.find((upstream) => upstream.name === name);
    const group = this.#plan.group(name);
    return config === undefined || group === undefined ? undefined : { config, group };
  }

  #shownListener(): Explanation['listener'] {
    const { config, address } = this.#listener;
    const { name, mode, proxy_protocol: proxyProtocol } = config;
    const shown = { name, address, mode, reason: this.#reason };
    return proxyProtocol?.accept === true
      ? { ...shown, proxy_protocol: demandText(proxyProtocol.trusted) }
      : shown;
  }
}

/** Says what a listener demands whose proxies have these addresses. */
function demandText(trusted: readonly string[]): string {
  if (trusted.length === 0) return 'a PROXY header must come first';
  return `a PROXY header from ${trusted.join(', ')} must come first; other addresses are refused`;
}
