export type {
  AppendRequest,
  AppendResult,
  Bus,
  BusHandler,
  BusStats,
  Position,
  ReadRequest,
  ReadResult,
} from 'oyez'
