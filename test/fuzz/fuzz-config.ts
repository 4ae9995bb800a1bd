import type { Area } from './case.ts';

export type BackendPorts = Readonly<Record<Area, readonly number[]>>;

/** Small limits everywhere: a hanging exchange shows soon. */
export function fuzzConfig(ports: BackendPorts): string {
  const areas = Object.entries(ports);
  const routes = areas.map(
    ([area]) => `        - {name: ${area}, path_prefix: /${area}/, upstream: ${area}}`,
  );
  const upstreams = areas.map(
    ([area, addresses]) => `  - name: ${area}
    backends: [${addresses.map((port) => `{name: ${area}-${port}, address: '127.0.0.1:${port}'}`).join(', ')}]
    connection_pool: {max_size: 600, max_idle_time: 2s}
    timeouts: {connect: 2s, read: 2s}`,
  );
  return `listeners:
  - name: fuzz
    listen: 127.0.0.1:0
    mode: http
    upstream: tame
    http:
      timeouts: {read: 2s, write: 3s, idle: 2500ms, tunnel: 5s}
      limits: {header_size: 16KiB}
      routes:
${routes.join('\n')}
upstreams:
${upstreams.join('\n')}
admin: {listen: '127.0.0.1:0'}
metrics: {enabled: true, listen: '127.0.0.1:0'}
logging: {level: info, format: json, access_log: false}
shutdown: {timeout: 5s}
`;
}
