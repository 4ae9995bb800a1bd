import type { DemoBackend } from './demo-backends.ts';

export interface DemoSetup {
  /** The address that the proxy listens on, e.g. `0.0.0.0:8080`. */
  readonly proxyAddress: string;
  /** The address of the admin server, if there is one. */
  readonly adminAddress: string | undefined;
  readonly configFile: string;
  readonly backends: readonly DemoBackend[];
  /** Ports that other programs use, each with the port that the demo uses instead. */
  readonly moved: ReadonlyMap<number, number>;
}

/** The weight that the guide proposes for one backend; the others have 1. */
const DEMO_WEIGHT = 3;

/** The text that the demo prints once it runs: which servers there are, and what to try. */
export function demoGuide(setup: DemoSetup): string {
  const proxy = `http://${reachable(setup.proxyAddress)}`;
  const admin = setup.adminAddress === undefined ? undefined : `http://${reachable(setup.adminAddress)}`;
  const backends = setup.backends.map((backend) => `${backend.name} (:${backend.port})`).join(', ');
  const first = setup.backends[0]?.name ?? 'a backend';
  const all = DEMO_WEIGHT + setup.backends.length - 1;
  const last = setup.backends.at(-1)?.name ?? 'a backend';
  const lines = [
    ...movedPorts(setup),
    `balance is running on ${proxy}, in front of ${backends}.`,
    '',
    'Try, in another terminal:',
    `  curl ${proxy}/                 again and again: the backends take turns`,
    `  curl -i ${proxy}/anything      with the response's headers`,
  ];
  if (admin !== undefined) {
    lines.push(
      `  curl ${admin}/health           which backends are healthy`,
      `  curl ${admin}/status           what runs, and what became of the last edit`,
      `  curl ${admin}/metrics          what Prometheus would collect`,
    );
  }
  lines.push(
    '',
    `Then edit ${setup.configFile}`,
    `while this runs: give ${first} "weight: ${DEMO_WEIGHT}", save, and curl again: it answers ${DEMO_WEIGHT} of ${all} requests.`,
    `Or remove ${last}. Each edit counts at once, and no request is lost.`,
    'For HTTPS, run "bin/balance dev-cert localhost" in the clone, and put the lines that it prints for the config at the end of the file.',
    'A mistake in the file changes nothing and is explained here.',
    '',
    'Ctrl-C stops everything.',
    '',
  );
  return `${lines.join('\n')}\n`;
}

function movedPorts({ moved, configFile }: DemoSetup): string[] {
  if (moved.size === 0) return [];
  const ports = [...moved].map(([port, instead]) => `${port} (now ${instead})`).join(', ');
  return [
    `In use by other programs: ${moved.size === 1 ? 'port' : 'ports'} ${ports}.`,
    `So the demo runs a copy of config/balance.yaml with other ports: ${configFile}, which it removes at its end.`,
    '',
  ];
}

/** Returns an address that curl understands: a wildcard address becomes localhost. */
function reachable(address: string): string {
  return address.replace(/^(0\.0\.0\.0|\[::\]|\*)?(?=:\d+$)/, 'localhost');
}
