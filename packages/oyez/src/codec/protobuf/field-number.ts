// The schema of `proto/client.proto` as numbers. What clients say is compared by a test with the generated code, and that with the official schema.
// Our own fields, from 1000 on, are explained in the schema.

export const COMMAND = {
  id: 1,
  connect: 4,
  subscribe: 5,
  unsubscribe: 6,
  publish: 7,
  presence: 8,
  presenceStats: 9,
  history: 10,
  ping: 11,
  send: 12,
  rpc: 13,
  refresh: 14,
  subRefresh: 15,
  closeProducer: 1000,
} as const

export const CONNECT_REQUEST = {
  token: 1,
  data: 2,
  subs: 3,
  name: 4,
  version: 5,
  headers: 6,
  extensions: 1000,
} as const

export const SUBSCRIBE_REQUEST = {
  channel: 1,
  token: 2,
  recover: 3,
  epoch: 6,
  offset: 7,
  data: 8,
  flag: 14,
  type: 15,
} as const

export const PUBLISH_REQUEST = { channel: 1, data: 2, producer: 1000, seq: 1001 } as const
export const CLOSE_PRODUCER_REQUEST = { channel: 1, producer: 2 } as const
export const UNSUBSCRIBE_REQUEST = { channel: 1 } as const
export const HISTORY_REQUEST = { channel: 1, limit: 7, since: 8, reverse: 9 } as const
export const RPC_REQUEST = { data: 1, method: 2 } as const
export const SEND_REQUEST = { data: 1 } as const

/** An entry of any map. */
export const MAP_ENTRY = { key: 1, value: 2 } as const
export const STREAM_POSITION = { offset: 1, epoch: 2 } as const

export const REPLY = {
  id: 1,
  error: 2,
  push: 4,
  connect: 5,
  subscribe: 6,
  unsubscribe: 7,
  publish: 8,
  history: 11,
  rpc: 13,
  closeProducer: 1000,
} as const

export const ERROR = { code: 1, message: 2, temporary: 3, expected: 1000 } as const

export const CONNECT_RESULT = {
  client: 1,
  version: 2,
  data: 5,
  subs: 6,
  ping: 7,
  pong: 8,
  node: 10,
  extensions: 1000,
} as const

export const SUBSCRIBE_RESULT = {
  recoverable: 3,
  epoch: 6,
  publications: 7,
  recovered: 8,
  offset: 9,
  positioned: 10,
  data: 11,
  wasRecovering: 12,
  break: 1000,
} as const

export const PUBLISH_RESULT = { offset: 1000, epoch: 1001, duplicate: 1002 } as const
export const CLOSE_PRODUCER_RESULT = { seq: 1, epoch: 2 } as const
export const HISTORY_RESULT = { publications: 1, epoch: 2, offset: 3 } as const
export const RPC_RESULT = { data: 1 } as const

export const PUSH = {
  channel: 2,
  publication: 4,
  unsubscribe: 7,
  message: 8,
  break: 1000,
  epoch: 1001,
  sync: 1002,
} as const
export const PUBLICATION = { data: 4, info: 5, offset: 6 } as const
export const CLIENT_INFO = { user: 1, client: 2, connInfo: 3 } as const
export const UNSUBSCRIBE = { code: 2, reason: 3 } as const
export const MESSAGE = { data: 1 } as const
export const BREAK = { reason: 1, last: 2, next: 3, fork: 4 } as const
