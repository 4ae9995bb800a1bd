import type { Provenance } from '../document/provenance.ts';
import type { Path } from '../problems/problem.ts';

/** What a normalization reports beside its result. */
export interface NormalizeContext {
  /** The normalization records here which path of the file each path of the config comes from. */
  readonly provenance: Provenance;
  /** Reports a problem at a path of the file. */
  error(filePath: Path, message: string): void;
  /** Reports that something at a path of the file has no effect. */
  warn(filePath: Path, message: string): void;
  /** The value in quotes, for messages. Never shows a value that came from the environment. */
  shown(filePath: Path, value: string): string;
}
