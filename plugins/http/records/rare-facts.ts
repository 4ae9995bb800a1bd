import type {
  FailedTry,
  HedgeResult,
  RetriesExhausted,
  StickyOutcome,
} from '../../../src/plugin-api/index.ts';

/** What is known of few exchanges only, as the fields of the same names of `ExchangeRecord`. One object for all of it, since each field of an exchange costs every request. */
export class RareFacts {
  retriesExhausted: RetriesExhausted | undefined = undefined;
  hedgeResult: HedgeResult | undefined = undefined;
  stickiness: StickyOutcome | undefined = undefined;
  failedTries: FailedTry[] | undefined = undefined;
}
