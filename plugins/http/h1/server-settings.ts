import type { ProtocolHost, ProtocolInstance } from '../../../src/plugin-api/index.ts';
import type { HeadLimits, TakingLimits } from '../message/message-limits.ts';
import type { HttpOptions } from '../config/schema/options.generated.ts';

/** The settings of a listener that the codec reads. */
export interface ServerSettings extends ProtocolInstance {
  readonly host: Pick<ProtocolHost, 'deadline'>;
  readonly options: Pick<HttpOptions, 'timeouts' | 'limits' | 'half_close'>;
  readonly requestLimits: HeadLimits;
  /** How fast clients must take their responses. */
  readonly taking: TakingLimits;
  /** Something begins for which the instance must wait when it closes. */
  begun(): void;
  /** It is over. */
  ended(): void;
}
