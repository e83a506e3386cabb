/**
 * How a load balancer brings a client back to the node it was on.
 *
 * - `cookie`: a cookie names the node.
 * - `ip`: clients with the same address share a node.
 * - `none`: every connection goes where there is room. oyez needs no more than this.
 */
export type Affinity = 'cookie' | 'ip' | 'none'

/** What to balance. */
export interface BalancerOptions {
  /** `HOST:PORT` of every node. */
  readonly nodes: readonly string[]
  readonly affinity: Affinity
  /** Address and port, or port alone, that the load balancer listens on. @default '80' */
  readonly listen: string
}

/** A node as the configurations name it. */
export interface BalancedNode {
  /** `n1`, `n2`, … */
  readonly name: string
  readonly address: string
}
