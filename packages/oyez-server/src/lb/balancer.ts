import type { BalancerOptions } from './balancer-options.ts'
import { haproxyConfig } from './haproxy.ts'
import { nginxConfig } from './nginx.ts'

export type { Affinity, BalancerOptions } from './balancer-options.ts'

export type BalancerKind = 'nginx' | 'haproxy'

/** The text of a ready configuration. `deploy/` holds the same texts for three example nodes. */
export function balancerConfig(kind: BalancerKind, options: BalancerOptions): string {
  const nodes = options.nodes.map((address, index) => ({ name: `n${index + 1}`, address }))
  switch (kind) {
    case 'nginx':
      return nginxConfig(nodes, options)
    case 'haproxy':
      return haproxyConfig(nodes, options)
  }
}
