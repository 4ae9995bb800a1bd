import type { Path } from '../../problems/problem.ts';
import type { Config } from '../../schema/config.generated.ts';

/** What the check of certificates and keys sees. All paths are those of {@link config}. */
export interface CertificateCheckContext {
  readonly config: Config;
  readonly error: (path: Path, message: string) => void;
  readonly warn: (path: Path, message: string) => void;
  /** A value in quotes, for messages; of a value from the environment, what the file says instead. */
  readonly shown: (path: Path, value: string) => string;
  /** Whether the file itself has a value there; false where a default stands. */
  readonly given: (path: Path) => boolean;
  /** The content of a file, by its name in the config; undefined for one that could not be read, which is reported already. */
  readonly contentOf: (file: string) => string | undefined;
  /**
   * Whether a certificate that is not valid now may be used: when the proxy starts, and when it uses the file as it is already. The proxy must
   * not stay down because a certificate expired, and an expired one must not keep other edits from being applied; but an edit must not bring it.
   */
  readonly mayBeInvalid: (file: string) => boolean;
  /** ms since 1970. */
  readonly nowMs: number;
}

/** Reports a mistake in a file at the key that names it. The text follows `which`. */
export function reportFile(
  context: Pick<CertificateCheckContext, 'error' | 'warn' | 'shown'>,
  { level, path, file, text }: { level: 'error' | 'warn'; path: Path; file: string; text: string },
): void {
  context[level](path, `names the file ${context.shown(path, file)}, which ${text}`);
}
