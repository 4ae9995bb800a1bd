import type { Provenance } from '../document/provenance.ts';
import type { Path } from '../problems/problem.ts';

/** What a normalization tells beside its result. */
export interface NormalizeContext {
  /** Filled with what came from where. */
  readonly provenance: Provenance;
  /** Something is wrong at a path of the file. */
  error(filePath: Path, message: string): void;
  /** Something at a path of the file has no effect. */
  warn(filePath: Path, message: string): void;
  /** Text for messages that never shows what came from the environment. */
  shown(filePath: Path, value: string): string;
}
