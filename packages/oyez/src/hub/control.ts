import { randomUUID } from 'node:crypto'
import type { Bus } from '../bus/bus.ts'
import { RESERVED_PREFIX } from '../protocol/channel.ts'
import { type CloseCode, isCloseCode } from '../protocol/close-code.ts'

/** Whose connections an order is about. */
export type DisconnectTarget = { readonly userId: string } | { readonly connectionId: string }

/** An order from one hub to all. */
export interface DisconnectOrder {
  readonly target: DisconnectTarget
  readonly close: CloseCode
}

/** The channel on which hubs give each other orders. */
export const CONTROL_CHANNEL: string = `${RESERVED_PREFIX}control`

const VERSION = 1

/** Orders between hubs, carried by the bus at most once each: whoever is connected now is reached. */
export class Control {
  readonly #bus: Bus
  readonly #onDisconnect: (order: DisconnectOrder) => void
  /** Signs this hub's orders, which it has obeyed before it gave them: obeying again would hit whoever came back meanwhile. */
  readonly #self = randomUUID()

  constructor(bus: Bus, onDisconnect: (order: DisconnectOrder) => void) {
    this.#bus = bus
    this.#onDisconnect = onDisconnect
  }

  start(): Promise<void> {
    return this.#bus.subscribe([CONTROL_CHANNEL])
  }

  disconnect(order: DisconnectOrder): Promise<void> {
    return this.#bus.broadcast(
      CONTROL_CHANNEL,
      Buffer.from(JSON.stringify({ version: VERSION, from: this.#self, order: 'disconnect', ...order })),
    )
  }

  /** Something was heard on the control channel. What is not an order of this version is ignored. */
  hear(bytes: Uint8Array): void {
    const order = parseOrder(bytes, this.#self)
    if (order !== undefined) this.#onDisconnect(order)
  }
}

function parseOrder(bytes: Uint8Array, self: string): DisconnectOrder | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
  if (!isObject(value) || value['version'] !== VERSION || value['order'] !== 'disconnect') return undefined
  if (value['from'] === self) return undefined
  const { target, close } = value
  if (!isObject(target) || !isObject(close)) return undefined
  const { code, reason } = close
  if (typeof code !== 'number' || !isCloseCode(code) || typeof reason !== 'string') return undefined
  const { userId, connectionId } = target
  if (typeof userId === 'string') return { target: { userId }, close: { code, reason } }
  if (typeof connectionId === 'string') return { target: { connectionId }, close: { code, reason } }
  return undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
