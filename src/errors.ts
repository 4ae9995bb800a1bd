// What plugins and all parts of the core may import of `src/errors/`.
export { BalanceError, type BalanceErrorOptions } from './errors/balance-error.ts';
export {
  ERRORS,
  ERROR_CODES,
  isClientFault,
  type ErrorCode,
  type ErrorKind,
  type ErrorOrigin,
} from './errors/error-codes.ts';
export { handshakeReasonOf } from './errors/handshake-failure.ts';
export {
  HANDSHAKE_REASONS,
  handshakeReasonText,
  isHandshakeReason,
  type HandshakeReason,
} from './errors/handshake-reasons.ts';
export { leftBeforeAccept, shortageOf, systemCodeOf } from './errors/system-errors.ts';
export { errorFrom, messageOf } from './errors/thrown-values.ts';
