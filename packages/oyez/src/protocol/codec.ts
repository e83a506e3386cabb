import type { ClientMessage, ServerMessage } from './message.ts'

/** The bytes of one or more messages. A string is text; bytes are text too when the codec is not binary. */
export type Frame = string | Uint8Array

/** The hub's side of a wire form. One instance serves every connection: a codec keeps no state. */
export interface Codec {
  readonly name: 'json' | 'protobuf'
  /** Whether its frames travel as binary WebSocket frames. */
  readonly binary: boolean
  /**
   * Reads every message of a frame. MUST NOT throw on any input but {@link FrameError}, which means that the frame as a whole was
   * not understood and the connection is to be closed with 3501.
   */
  decode(frame: Frame): ClientMessage[]
  /** Writes one message as one frame. */
  encode(message: ServerMessage): Frame
}

/** A frame that is no message of the protocol. Its message is short and safe to send to the client as a close reason. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}
