import { ConfigError } from '../../../config/load/config-error.ts';
import type { Problem } from '../../../config/problems/problem.ts';
import { BalanceError, errorFrom, type ErrorCode, type ErrorOrigin } from '../../../errors.ts';
import { PluginError } from '../../../plugins/checks/plugin-error.ts';
import { QuestionError } from '../../explain/explain-question.ts';

/**
 * An error as plain data, so that it can cross from one thread to another: a structured clone would keep its message alone. The stack does not
 * cross, as the error's users read its message and its code. Its causes cross as texts.
 */
export type WireError =
  | {
      readonly kind: 'balance';
      readonly code: ErrorCode;
      readonly origin: ErrorOrigin;
      readonly status: number;
      readonly message: string;
      readonly cause: string | undefined;
    }
  | {
      readonly kind: 'plugin';
      readonly plugin: string;
      readonly reason: string;
      readonly message: string;
      readonly cause: string | undefined;
    }
  | { readonly kind: 'config'; readonly problems: readonly Problem[]; readonly cause: string | undefined }
  | { readonly kind: 'question'; readonly message: string }
  /** A mistake in the program, or what a plugin has thrown. */
  | { readonly kind: 'unknown'; readonly message: string; readonly stack: string };

/** Makes plain data of anything that was thrown. Never throws. */
export function toWire(thrown: unknown): WireError {
  if (thrown instanceof PluginError) {
    const { plugin, reason, message } = thrown;
    return { kind: 'plugin', plugin, reason, message, cause: causeOf(thrown) };
  }
  if (thrown instanceof ConfigError)
    return { kind: 'config', problems: thrown.problems, cause: causeOf(thrown) };
  if (thrown instanceof BalanceError) {
    const { code, origin, status, message } = thrown;
    return { kind: 'balance', code, origin, status, message, cause: causeOf(thrown) };
  }
  const { message, stack = '' } = errorFrom(thrown);
  if (thrown instanceof QuestionError) return { kind: 'question', message };
  return { kind: 'unknown', message, stack };
}

/** The error that was sent, of the class that it had. */
export function fromWire(wire: WireError): BalanceError | QuestionError {
  switch (wire.kind) {
    case 'plugin':
      return new PluginError(wire.plugin, wire.reason, wire.message, wire.cause);
    case 'config':
      return new ConfigError(wire.problems, { cause: wire.cause });
    case 'balance': {
      const { code, origin, status, message, cause } = wire;
      return new BalanceError(code, message, { origin, status, cause });
    }
    case 'question':
      return new QuestionError(wire.message);
    case 'unknown':
      return new BalanceError('internal', wire.message, {
        ...(wire.stack === '' ? {} : { cause: wire.stack }),
      });
  }
}

function causeOf({ cause }: Error): string | undefined {
  return cause === undefined ? undefined : errorFrom(cause).message;
}
