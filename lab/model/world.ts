import type { Bounds } from './channel-model.ts'

/** A bounded world that is explored as a whole. */
export interface World extends Bounds {
  readonly name: string
}

/** What every build explores. Together they cover each fault, and the pairs of them that have to do with each other. */
export const WORLDS: readonly World[] = [
  {
    name: 'two failovers, one of them a partition, and a hint lost',
    nodes: 1,
    clients: 1,
    messages: [3],
    hints: 2,
    faults: { 'kill the master': 1, 'partition the master': 1, 'lose a hint': 1 },
  },
  {
    name: 'a partition, and a client that moves between two nodes',
    nodes: 2,
    clients: 1,
    messages: [2],
    hints: 2,
    faults: { 'partition the master': 1, 'cut a client': 1 },
  },
  {
    name: 'restarts from a snapshot and empty, and a failover',
    nodes: 1,
    clients: 1,
    messages: [3],
    hints: 2,
    faults: { 'restart from snapshot': 1, 'restart empty': 1, 'kill the master': 1 },
  },
  {
    name: 'a stream that is lost, expires or is trimmed, and a failover',
    nodes: 1,
    clients: 1,
    messages: [2],
    hints: 2,
    faults: {
      'lose the stream': 1,
      'expire the stream': 1,
      'trim a record': 1,
      'cut a client': 1,
      'kill the master': 1,
      'kill a node': 1,
    },
  },
  {
    name: 'a producer, answers lost, requests that stick, two failovers',
    nodes: 0,
    clients: 0,
    messages: [3],
    hints: 1,
    faults: {
      'lose an answer': 1,
      'stick a request': 1,
      'forget what was acknowledged': 1,
      'kill the master': 1,
      'partition the master': 1,
    },
  },
  {
    name: 'two producers, answers lost, requests that stick, a partition',
    nodes: 0,
    clients: 0,
    messages: [2, 2],
    hints: 1,
    faults: { 'lose an answer': 1, 'stick a request': 1, 'partition the master': 1 },
  },
  {
    name: 'two clients, a node killed, a hint lost',
    nodes: 2,
    clients: 2,
    messages: [2],
    hints: 2,
    faults: { 'kill a node': 1, 'cut a client': 1, 'lose a hint': 1 },
  },
]
