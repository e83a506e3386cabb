import { ClusterTopology } from './cluster-topology.ts'
import { StaticTopology, type TopologyOptions } from './static-topology.ts'
import type { Topology, TopologyHost } from './topology.ts'

/** The topology that the options ask for. */
export function makeTopology(options: TopologyOptions, host: TopologyHost): Topology {
  return options.redis.places[0]?.kind === 'cluster'
    ? new ClusterTopology(options, host)
    : new StaticTopology(options, host)
}
