import { hostName, isValidHost } from './request-target.ts';

/** A Host of a client, looked at once: nearly all requests of a connection name the same one. */
export class KnownHost {
  readonly text: string;
  readonly isValid: boolean;
  /** Without port, in lower case: what routes compare. */
  readonly name: string;
  /** The proxy's own field lines for the backend, up to the value of X-Request-ID. */
  readonly ownFields: string;

  /** `clientFields` tell about the client. */
  constructor(text: string, clientFields: string) {
    this.text = text;
    this.isValid = isValidHost(text);
    this.name = hostName(text);
    const host = text === '' ? '' : `X-Forwarded-Host: ${text}\r\n`;
    this.ownFields = `${clientFields}${host}X-Request-ID: `;
  }
}
