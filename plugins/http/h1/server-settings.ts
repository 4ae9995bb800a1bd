import type { ProtocolHost, ProtocolInstance } from '../../../src/plugin-api/index.ts';
import type { HeadLimits, TakingLimits } from '../message/message-limits.ts';
import type { HttpOptions } from '../config/schema/options.generated.ts';

/** What the codec reads of a listener's config. */
export interface ServerSettings extends ProtocolInstance {
  readonly host: Pick<ProtocolHost, 'deadline'>;
  readonly options: Pick<HttpOptions, 'timeouts' | 'limits' | 'half_close'>;
  readonly requestLimits: HeadLimits;
  /** How fast clients must take their responses. */
  readonly taking: TakingLimits;
  /** Something runs that the instance has to wait for when it closes, until `ended` is called. */
  begun(): void;
  ended(): void;
}
