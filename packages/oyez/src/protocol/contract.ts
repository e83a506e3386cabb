/**
 * What travels where, for the compiler. A contract is a type that hub and client share; it costs nothing at run time.
 *
 * ```ts
 * interface Square {
 *   channels: { lobby: { text: string }; [room: `room:${string}`]: { from: string; text: string } }
 *   personal: { text: string }
 *   rpc: { time: { params: null; result: number } }
 * }
 * const hub = new Hub<Square>({ … })
 * ```
 */
export interface Contract {
  /** Payload by channel name; template literal keys stand for families of channels. */
  channels: object
  /** Payload of the messages sent to a user. */
  personal: unknown
  /** Parameters and result by method name. */
  rpc: object
}

/** The contract of those who gave none: every channel carries `unknown`, every method takes and returns it. */
export interface AnyContract {
  channels: Record<string, unknown>
  personal: unknown
  rpc: Record<string, { params: unknown; result: unknown }>
}

/** The channel names of a contract. */
export type ChannelOf<C extends Contract> = keyof C['channels'] & string

/** The payload of a channel. */
export type DataOf<C extends Contract, Name extends ChannelOf<C>> = C['channels'][Name]

/** The method names of a contract. */
export type MethodOf<C extends Contract> = keyof C['rpc'] & string

/** What a method takes. */
export type ParamsOf<C extends Contract, Method extends MethodOf<C>> = C['rpc'][Method] extends { params: infer P }
  ? P
  : unknown

/** What a method answers. */
export type ResultOf<C extends Contract, Method extends MethodOf<C>> = C['rpc'][Method] extends { result: infer R }
  ? R
  : unknown
