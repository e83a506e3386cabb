export { MemoryBroker } from './bus/memory/memory-broker.ts'
export { MemoryBus } from './bus/memory/memory-bus.ts'
export type {
  AppendAck,
  AppendRequest,
  AppendResult,
  Bus,
  BusHandler,
  BusStats,
  BusStatus,
  ProducerStamp,
  ReadRequest,
  ReadResult,
  Retention,
  StoredRecord,
} from './bus/bus.ts'
export { BusError, type BusErrorCode } from './bus/bus-error.ts'
export type { Audience, ChannelRule, ChannelRulesOptions } from './hub/channel-rule.ts'
export type { DisconnectTarget } from './hub/control.ts'
export type {
  HistoryOptions,
  HistoryPublication,
  HistoryResult,
  PublisherInfo,
  RawHistoryPublication,
  RawHistoryResult,
} from './hub/history-result.ts'
export {
  type AcceptRequest,
  type ConnectionView,
  type ConnectRequest,
  type HubHooks,
  type Identity,
  Refusal,
} from './hub/hooks.ts'
export { Hub } from './hub/hub.ts'
export { JsonText } from './hub/json-text.ts'
export { HubError, type HubErrorCode } from './hub/hub-error.ts'
export type { HubEvents } from './hub/hub-event.ts'
export type { HubStats } from './hub/hub-stats.ts'
export type { BusState } from './hub/bus-condition.ts'
export type { CloseOptions, HubLimits, HubOptions, HubTimes, PublishOptions } from './hub/options.ts'
export { channelProblem, personalChannel } from './protocol/channel.ts'
export { type CloseCode, CloseCodes, isTerminalClose } from './protocol/close-code.ts'
export type { AnyContract, ChannelOf, Contract, DataOf, MethodOf, ParamsOf, ResultOf } from './protocol/contract.ts'
export type { Codec } from './protocol/codec.ts'
export { type ErrorCode, ErrorCodes } from './protocol/error-code.ts'
export type { Break, BreakReason, Position } from './protocol/position.ts'
export { isOriginAllowed, type OriginPolicy, type RefusedOrigin } from './transport/origin.ts'
export type { PackedFrames, Transport, TransportFrame, TransportHandler } from './transport/transport.ts'
export { WsListener, type WsListenerOptions } from './transport/ws-listener.ts'
