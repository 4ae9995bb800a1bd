import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { buildProgram, ROOT } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { isInstalled } from '../tls/run-tool.ts';
import { wrongFields, type Resource } from './api-types.ts';

// The shipped config asks for workers, which run what is compiled.
buildProgram();

const FOLDER = join(ROOT, 'docker/kubernetes');
const MANIFESTS = join(FOLDER, 'balance.yaml');
const TOKEN = 'a-token-of-a-test-0123456789';

/** What the tests read of the resources; {@link wrongFields} holds that all of it has the right type. */
interface Manifest extends Resource {
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly selector: { readonly matchLabels?: object } & Readonly<Record<string, unknown>>;
    readonly template: { readonly metadata: { readonly labels: object }; readonly spec: PodSpec };
    readonly scaleTargetRef: { readonly name: string };
    readonly ports: readonly { readonly targetPort: string }[];
  };
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: object;
  readonly containers: readonly [Container];
}

interface Container {
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly mountPath: string }[];
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

function resourcesOf(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });
}

const manifests = resourcesOf(readFileSync(MANIFESTS, 'utf8'));

function manifest(kind: string): Manifest {
  const found = manifests.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found;
}

const pod = manifest('Deployment').spec.template;
const [container] = pod.spec.containers;
const config = manifest('ConfigMap').data?.['balance.yaml'] ?? '';

/** A proxy with the config of the ConfigMap, on free ports. */
function shippedProxy(): Promise<LabProxy> {
  const yaml = config
    .replaceAll(/listen: ':\d+'/g, "listen: '127.0.0.1:0'")
    .replace('${env:BALANCE_ADMIN_TOKEN}', TOKEN)
    .replace(/address: \S+/, 'address: 127.0.0.1:1')
    // The admin server and the metrics share a server: with port 0 each would get a port of its own.
    .replace(/^metrics:\n.*\n/m, '');
  return labProxy(yaml);
}

describe('the manifests', () => {
  it('hold what the API of Kubernetes takes, and nothing else', () => {
    expect(wrongFields(manifests)).toEqual([]);
  });

  it.each([
    [{ readinesProbe: {} }, /"readinesProbe"' does not exist in type 'Container'/],
    [{ image: 1 }, /Type 'number' is not assignable to type 'string'/],
    [{ name: undefined }, /Property 'name' is missing .* but required in type 'Container'/],
  ])('are checked in earnest: %j is refused', (fields, reason) => {
    const deployment = structuredClone(manifest('Deployment'));
    Object.assign(deployment.spec.template.spec.containers[0], fields);
    expect(wrongFields([deployment])).toEqual([expect.stringMatching(reason)]);
  });

  it('name each other: service, autoscaler, disruption budget, volumes', () => {
    const { labels } = pod.metadata;
    expect(labels).toMatchObject(manifest('Deployment').spec.selector.matchLabels!);
    expect(labels).toMatchObject(manifest('Service').spec.selector);
    expect(labels).toMatchObject(manifest('PodDisruptionBudget').spec.selector.matchLabels!);
    expect(manifest('HorizontalPodAutoscaler').spec.scaleTargetRef.name).toBe(
      manifest('Deployment').metadata.name,
    );
    const ports = container.ports.map(({ name }) => name);
    for (const { targetPort } of manifest('Service').spec.ports) expect(ports).toContain(targetPort);
    expect(pod.spec).toMatchObject({
      serviceAccountName: manifest('ServiceAccount').metadata.name,
      volumes: [{ name: 'config', configMap: { name: manifest('ConfigMap').metadata.name } }],
    });
  });

  it('listen on the ports that the container names', () => {
    const listened = [...config.matchAll(/listen: ':(\d+)'/g)].map(([, port]) => Number(port));
    expect(new Set(listened)).toEqual(new Set(container.ports.map(({ containerPort }) => containerPort)));
  });

  it('leave no right to the container that the proxy does not need', () => {
    expect(pod.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.spec.automountServiceAccountToken).toBe(false);
  });

  it('mount the folder of the config, as a file alone would not follow the ConfigMap', () => {
    expect(container.volumeMounts).toEqual([{ name: 'config', mountPath: '/etc/balance', readOnly: true }]);
  });

  it('give the drain its time before the pod is killed', async () => {
    const proxy = await shippedProxy();
    const response = await fetch(`http://${proxy.adminAddress}/config`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const { config: live } = (await response.json()) as { config: { shutdown: { timeout: string } } };
    const drain = Number(/^(\d+)s$/.exec(live.shutdown.timeout)?.[1]);
    const preStop = Number(container.lifecycle.preStop.exec.command[1]);
    expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThan(preStop + drain);
  });

  it('probe what everybody may ask, and nothing that depends on backends', async () => {
    const proxy = await shippedProxy();
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
      const { path, port } = container[probe].httpGet;
      expect(port).toBe('admin');
      // The only backend of this proxy is dead.
      expect([probe, (await fetch(`http://${proxy.adminAddress}${path}`)).status]).toEqual([probe, 200]);
    }
    expect((await fetch(`http://${proxy.adminAddress}/status`)).status).toBe(401);
  });
});

const isMissing = !isInstalled('helm');

describe.skipIf(isMissing)(`the chart${isMissing ? ' (helm is not installed)' : ''}`, () => {
  const chart = join(FOLDER, 'chart');

  function helm(...args: readonly string[]): { readonly code: number | null; readonly text: string } {
    const { status, stdout, stderr } = spawnSync('helm', args, { encoding: 'utf8' });
    return { code: status, text: status === 0 ? stdout : stderr };
  }

  function template(...args: readonly string[]): string {
    const { code, text } = helm('template', 'balance', chart, '--namespace', 'default', ...args);
    expect([code, text]).toEqual([0, text]);
    return text;
  }

  it('passes the linter', () => {
    expect(helm('lint', '--strict', chart)).toMatchObject({ code: 0 });
  });

  it('renders the manifests that are beside it (`npx vitest run FILE -u` writes them)', async () => {
    const rendered = template('--set', 'admin.secretName=balance-admin').replaceAll(/^# Source: .*\n/gm, '');
    await expect(rendered.replace(/^---\n/, '')).toMatchFileSnapshot(MANIFESTS);
  });

  it('renders what the API takes with every option on, and every option off', () => {
    const on = template(
      ...['--set-json', 'tlsSecrets={"site":"site-tls"}', '--set', 'files.more\\.yaml=routes: []'],
      ...['--set-json', 'imagePullSecrets=[{"name":"registry"}]', '--set', 'service.type=LoadBalancer'],
      ...['--set', 'service.externalTrafficPolicy=Local', '--set', 'service.annotations.a=b'],
      ...['--set', 'nodeSelector.disk=fast', '--set-json', 'tolerations=[{"operator":"Exists"}]'],
      ...['--set-json', 'affinity={"nodeAffinity":{}}', '--set', 'workers=auto'],
    );
    expect(wrongFields(resourcesOf(on))).toEqual([]);
    expect(on).toContain('workers: auto');
    expect(on).toContain('more.yaml: |');
    const off = resourcesOf(
      template(
        ...['--set', 'autoscaling.enabled=false', '--set', 'podDisruptionBudget.enabled=false'],
        ...['--set-json', 'podAnnotations={}', '--set', 'replicas=5'],
      ),
    );
    expect(wrongFields(off)).toEqual([]);
    expect(off.map(({ kind }) => kind).sort()).toEqual([
      'ConfigMap',
      'Deployment',
      'Secret',
      'Service',
      'ServiceAccount',
    ]);
    expect(off.find(({ kind }) => kind === 'Deployment')).toMatchObject({ spec: { replicas: 5 } });
  });

  it('names the port of the metrics to Prometheus, also when it is another one', () => {
    expect(template('--set', 'ports.admin=9999')).toContain("prometheus.io/port: '9999'");
  });

  it('refuses values that it does not know', () => {
    const { code, text } = helm('template', 'balance', chart, '--set', 'service.prt=81');
    expect(code).toBe(1);
    expect(text).toMatch(/at '\/service': additional properties 'prt' not allowed/);
  });
});
