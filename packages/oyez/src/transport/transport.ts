/** The bytes that one client receives or sends in one step; a string is text. */
export type TransportFrame = string | Uint8Array

/**
 * Frames made ready for the wire by {@link Transport.pack}. They can be written to every transport with the same `pack` function, any number of
 * times: this is what makes fan-out cheap. What the bytes mean is the transport's own business, except that they can be joined: the bytes
 * of two packs, one after the other, are the frames of both.
 */
export interface PackedFrames {
  readonly bytes: Uint8Array
}

/** Makes frames ready; each stays a message of its own. The same function object for all transports of one kind and form. */
export type Pack = (frames: readonly TransportFrame[]) => PackedFrames

/**
 * How bytes reach one client. Implementations: a socket of `ws` or of uWebSockets.js; a fake in tests.
 *
 * A transport MUST deliver frames in order, MUST call `onClose` exactly once, MUST NOT call its handler before `start` or after `onClose`,
 * and MUST NOT throw from `write`, `close` or `terminate`, whatever the state of the connection.
 */
export interface Transport {
  /** Bytes accepted by `write` that the operating system has not yet taken. */
  readonly bufferedAmount: number
  /** Makes frames ready for {@link Transport.write}; shared between transports of one kind. */
  readonly pack: Pack
  /** Begins to hand incoming frames to the handler. Called once. */
  start(handler: TransportHandler): void
  /** Writes ready-made frames in one step. */
  write(packed: PackedFrames): void
  /** Says goodbye with a close code and a reason of at most 123 bytes, then ends. Ends by force when the client does not answer in time. */
  close(code: number, reason: string): void
  /** Ends at once, without a goodbye. */
  terminate(): void
}

/** What a transport tells its connection. A handler never throws. */
export interface TransportHandler {
  onFrame(frame: TransportFrame): void
  /** `bufferedAmount` fell to zero after having been above it. */
  onDrain(): void
  /** The connection is gone. `code` is what the client said, 1006 when it said nothing, 1009 for an oversized frame. */
  onClose(code: number, reason: string): void
}
