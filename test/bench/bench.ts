import type { BenchCertificates } from './bench-certificates.ts';
import type { Cores } from './cores.ts';
import type { Processes } from './processes.ts';
import type { Mode } from './scenarios.ts';

/** Shared by all parts of one benchmark run. */
export interface Bench {
  readonly processes: Processes;
  readonly cores: Cores;
  /** A temporary folder for configs. */
  readonly folder: string;
  readonly certificates: BenchCertificates;
  readonly profile: boolean;
}

/** A proxy that can be measured. */
export interface Peer {
  readonly name: string;
  /** The installed version, such as `nginx 1.22.1`; undefined when the peer can't run in that mode here. */
  version(mode: Mode): string | undefined;
  /** Writes what the peer needs and says how to start it. */
  command(mode: Mode, bench: Bench, ports: PeerPorts): readonly string[];
}

export interface PeerPorts {
  /** Where the peer listens. */
  readonly listen: number;
  /** Where the backend listens: for plain HTTP, or for TLS in the mode `backend-tls`. */
  readonly backend: number;
  /** For its metrics, where it has any. */
  readonly admin: number;
  /** Where traces may be sent to. */
  readonly collector: number;
}
