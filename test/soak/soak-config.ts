export interface SoakPorts {
  readonly steady: readonly number[];
  readonly mortal: readonly number[];
  readonly tcp: readonly number[];
}

/** How long idle sockets stay in the pools. */
export const MAX_IDLE_SECONDS = 4;

export function soakConfig(ports: SoakPorts): string {
  const backends = (name: string, all: readonly number[]): string =>
    all.map((port, index) => `      - {name: ${name}-${index + 1}, address: '127.0.0.1:${port}'}`).join('\n');
  return `listeners:
  - name: web
    listen: 127.0.0.1:0
    mode: http
    upstream: steady
    http:
      timeouts: {read: 3s, write: 10s, idle: 5s, tunnel: 30s}
      routes:
        - {name: mortal, headers: {X-Soak: mortal}, upstream: mortal}
  - name: raw
    listen: 127.0.0.1:0
    mode: tcp
    upstream: tcp
    tcp: {timeouts: {idle: 30s}}
upstreams:
  - name: steady
    load_balancer: {algorithm: power-of-two}
    backends:
${backends('steady', ports.steady)}
    health_check: {path: /health, interval: 500ms, timeout: 2s}
    connection_pool: {max_idle_time: ${MAX_IDLE_SECONDS}s}
    timeouts: {connect: 2s, read: 10s}
  - name: mortal
    backends:
${backends('mortal', ports.mortal)}
    health_check: {path: /health, interval: 300ms, timeout: 1s, unhealthy_threshold: 1, healthy_threshold: 1}
    connection_pool: {max_idle_time: ${MAX_IDLE_SECONDS}s}
    timeouts: {connect: 2s, read: 5s}
  - name: tcp
    backends:
${backends('tcp', ports.tcp)}
    health_check: {type: tcp, interval: 500ms}
    timeouts: {connect: 2s}
admin: {listen: '127.0.0.1:0'}
metrics: {enabled: true, listen: '127.0.0.1:0'}
logging: {level: info, format: json, access_log: false}
shutdown: {timeout: 5s}
`;
}
