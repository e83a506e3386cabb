/** One fault of a plan. What does not concern a fault is left out. */
export interface Step {
  readonly fault: string
  /** Index of a node. */
  readonly node?: number
  /** How long it lasts. */
  readonly ms?: number
  /** Of connections or the like, 0 to 1. */
  readonly share?: number
  /** Index of a channel, in the order busy, still, idle; taken modulo their number. */
  readonly channel?: number
  readonly direction?: 'up' | 'down' | 'both'
  readonly times?: number
}
