import type { Backend } from '../../../src/plugin-api/index.ts';
import type { FieldEdits } from '../forwarding/field-edits.ts';
import type { MirrorCopy } from '../mirror/mirror-copy.ts';
import { RareFacts } from '../records/rare-facts.ts';
import type { RequestRetries } from '../retries/request-retries.ts';
import type { Hedge } from './hedge.ts';

/** The state that few exchanges have: what their upstream or route asks for beyond a plain way there and back. */
export class RareState extends RareFacts {
  /** By what its upstream knows the client; undefined where it does not keep it, or the client does not say. */
  session: string | undefined = undefined;
  /** Whether the client's connection is encrypted. Only known where the upstream has a cookie. */
  isSecure = false;
  /** The edits of the response that give the client the cookie of a `split`, and those of the route; undefined when it gets none. */
  splitEdits: FieldEdits | undefined = undefined;
  /** The edits of the response that give the client its cookie, and those of the route; undefined when it gets none. */
  sessionEdits: FieldEdits | undefined = undefined;
  /** The copy of the request for the mirror of its route; undefined when there is none. */
  mirrorCopy: MirrorCopy | undefined = undefined;
  /** The backends that failed the request; undefined while none did, or where none is avoided. */
  avoid: ReadonlySet<Backend> | undefined = undefined;
  /** Decides about further tries; undefined where the upstream has no settings for them. */
  retries: RequestRetries | undefined = undefined;
  /** Begins a second try beside the first one; undefined where there is none. */
  hedge: Hedge | undefined = undefined;
}
