/** What the plan takes for granted and nobody measured: each with its reason. Change them where you know better. */
export interface Assumption {
  readonly value: number
  readonly unit: string
  readonly because: string
}

type Name =
  | 'connectionsPerNode'
  | 'kernelBytes'
  | 'nodeBaseBytes'
  | 'byteUs'
  | 'frameOverheadBytes'
  | 'packetOverheadBytes'
  | 'busOverheadBytes'
  | 'recordOverheadBytes'
  | 'channelOverheadBytes'
  | 'redisMemoryBytes'
  | 'portsPerAddress'
  | 'balancerConnections'
  | 'handshakesPerSecond'

export const ASSUMPTIONS: Readonly<Record<Name, Assumption>> = {
  connectionsPerNode: {
    value: 50_000,
    unit: 'connections a node at most',
    because:
      'a node with more takes too long to hand its clients over, and too many lose theirs with it; 10,000 were measured',
  },
  kernelBytes: {
    value: 8_192,
    unit: "bytes of the kernel's memory for an idle TCP connection",
    because: 'outside the resident memory of the node; buffers grow when a client reads slowly',
  },
  nodeBaseBytes: {
    value: 167_772_160,
    unit: 'bytes for a node without clients',
    because: 'about 70 MB of Node.js and up to 64 MiB of recent publications (limit ringBytes), and room for garbage',
  },
  byteUs: {
    value: 0.0005,
    unit: 'microseconds for each byte of a delivery beyond 64',
    because: 'copying into the kernel at 2 GB/s; the unit costs were measured with 64 bytes',
  },
  frameOverheadBytes: {
    value: 75,
    unit: 'bytes around a payload: JSON envelope with a channel name of 20, WebSocket header',
    because: 'counted, see PROTOCOL.md',
  },
  packetOverheadBytes: {
    value: 88,
    unit: 'bytes of TCP, IP and TLS for a write of its own',
    because:
      'headers of 52 with time stamps, a TLS record of 22 and part of an acknowledgement; the CPU of TLS is the load balancer’s',
  },
  busOverheadBytes: {
    value: 110,
    unit: 'bytes around a record on the way to and from Redis',
    because: 'channel name, record envelope, command or hint',
  },
  recordOverheadBytes: {
    value: 90,
    unit: "bytes of Redis's memory around a record in a log",
    because: 'stream entry and its part of the index',
  },
  channelOverheadBytes: {
    value: 1_200,
    unit: "bytes of Redis's memory for a log without records",
    because: 'two keys with expiry, a hash and an empty stream',
  },
  redisMemoryBytes: {
    value: 17_179_869_184,
    unit: 'bytes of memory for one Redis shard',
    because: 'larger ones take long to load and to replicate',
  },
  portsPerAddress: {
    value: 28_232,
    unit: 'connections from one address to one port',
    because: 'net.ipv4.ip_local_port_range is 32768 to 60999 unless widened; 1024 to 65535 gives 64,512',
  },
  balancerConnections: {
    value: 250_000,
    unit: 'connections a load balancer at most',
    because: 'two sockets and about 34 KB of buffers each (HAProxy), 8 GB in all',
  },
  handshakesPerSecond: {
    value: 2_000,
    unit: 'connections a second that a drain may send away',
    because: 'each is a TLS handshake for a load balancer that has other work; this sets the drain time',
  },
}
