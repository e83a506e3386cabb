import type { ClientInfo, Payload, Publication } from '../protocol/message.ts'

/**
 * The form in which hubs keep a publication in the log and send it over the bus, version 1:
 *
 * ```
 * byte 0      0x6f
 * byte 1      version, 1
 * byte 2      flags: bit 0 = publisher info follows
 * [2 bytes    length of the info, big endian
 *  n bytes    info: the wire's JSON object, UTF-8]
 * rest        payload: JSON text, UTF-8, as its publisher wrote it
 * ```
 */
const MAGIC = 0x6f
const VERSION = 1
const HAS_INFO = 1
const MAX_INFO_BYTES = 0xffff

/** Writes a record. @throws {RangeError} when the info is longer than 65,535 bytes. */
export function encodeRecord(data: Payload, info: Payload | undefined): Uint8Array {
  const infoLength = info?.length ?? 0
  if (infoLength > MAX_INFO_BYTES)
    throw new RangeError(`publisher info has ${infoLength} bytes, more than ${MAX_INFO_BYTES}`)
  const headLength = info === undefined ? 3 : 5
  const record = Buffer.allocUnsafe(headLength + infoLength + data.length)
  record[0] = MAGIC
  record[1] = VERSION
  record[2] = info === undefined ? 0 : HAS_INFO
  if (info !== undefined) {
    record[3] = infoLength >> 8
    record[4] = infoLength & 0xff
    record.set(info, headLength)
  }
  record.set(data, headLength + infoLength)
  return record
}

/**
 * Reads a record, without copying. `undefined` for bytes that no hub of this version wrote: what comes from the bus is input like any other.
 */
export function decodeRecord(record: Uint8Array, offset: number): Publication | undefined {
  if (record.length < 4 || record[0] !== MAGIC || record[1] !== VERSION) return undefined
  const flags = record[2]
  if (flags === 0) return { data: record.subarray(3), offset }
  if (flags !== HAS_INFO || record.length < 6) return undefined
  const infoEnd = 5 + ((record[3] ?? 0) << 8) + (record[4] ?? 0)
  if (record.length <= infoEnd) return undefined
  return { data: record.subarray(infoEnd), offset, info: record.subarray(5, infoEnd) }
}

/** Whether two publications have the same bytes. */
export function isSamePublication(one: Publication, other: Publication): boolean {
  return isSameBytes(one.data, other.data) && isSameBytes(one.info ?? NO_BYTES, other.info ?? NO_BYTES)
}

const NO_BYTES = new Uint8Array()

function isSameBytes(one: Payload, other: Payload): boolean {
  return one === other || Buffer.compare(one, other) === 0
}

/** The publisher's info as the JSON object of the wire. */
export function encodeInfo(info: ClientInfo): Payload {
  const connInfo = info.connInfo === undefined ? '' : `,"conn_info":${Buffer.from(info.connInfo).toString()}`
  return Buffer.from(`{"user":${JSON.stringify(info.user)},"client":${JSON.stringify(info.client)}${connInfo}}`)
}
