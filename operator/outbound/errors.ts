/**
 * Why a request to the outside came to nothing:
 *
 * - `BadURL`: not http or https, or with a user or password in it;
 * - `AddressRefused`: the name leads to an address that must not be reached from here, or that cannot be judged;
 * - `Unreachable`: no name, no connection, no HTTP, a certificate that does not fit;
 * - `Timeout`, `TooLarge`: one of the request's bounds;
 * - `Redirected`: to another host, or more often than is followed;
 * - `BadEncoding`: compressed in a way that cannot be read;
 * - `Aborted`: by the caller's own signal.
 */
export type OutboundErrorCode =
  'BadURL' | 'AddressRefused' | 'Unreachable' | 'Timeout' | 'TooLarge' | 'Redirected' | 'BadEncoding' | 'Aborted';

/** A request to the outside failed. The message holds nothing that the other side said. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly code: OutboundErrorCode;

  constructor(code: OutboundErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
