import { expect, test } from 'vitest'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { Refusal } from '../../src/hub/hooks.ts'
import { Hub } from '../../src/hub/hub.ts'
import { type HubOptions, resolveHubOptions } from '../../src/hub/options.ts'

test('every limit and every time has a default', () => {
  const { limits, times } = resolveHubOptions({ bus: new MemoryBus() })
  expect(limits).toEqual({
    maxPayloadBytes: 65_536,
    highWaterBytes: 1_048_576,
    maxChannelsPerConnection: 128,
    maxPendingCommands: 256,
    maxConnectionsPerUser: 1_000,
    maxPublicationsPerReply: 300,
    ringBytes: 67_108_864,
  })
  expect(times).toEqual({
    pingIntervalMs: 25_000,
    pongTimeoutMs: 10_000,
    connectTimeoutMs: 15_000,
    lingerMs: 1_000,
    auditIntervalMs: 5_000,
  })
})

test('an undefined value is the default', () => {
  const { limits } = resolveHubOptions({
    bus: new MemoryBus(),
    limits: { maxPayloadBytes: undefined } as unknown as { maxPayloadBytes: number },
  })
  expect(limits.maxPayloadBytes).toBe(65_536)
})

test('a hub without a bus says what to give', () => {
  for (const bus of [undefined, null, 'redis://localhost']) {
    expect(() => new Hub({ bus } as unknown as HubOptions)).toThrow(
      'HubOptions.bus is missing: give new MemoryBus() while there is one process',
    )
  }
})

test('a value out of range is an error that names it', () => {
  const bus = new MemoryBus()
  for (const value of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5']) {
    const wrong = value as unknown as number
    expect(() => new Hub({ bus, limits: { highWaterBytes: wrong } })).toThrow('HubOptions.limits.highWaterBytes')
    expect(() => new Hub({ bus, times: { lingerMs: wrong } })).toThrow('HubOptions.times.lingerMs')
  }
})

test('a misspelt limit is an error that names it', () => {
  const limits = { maxPayloadByte: 5 } as unknown as { maxPayloadBytes: number }
  expect(() => new Hub({ bus: new MemoryBus(), limits })).toThrow('HubOptions.limits.maxPayloadByte is not known')
  const odd = JSON.parse('{"toString":5}') as { maxPayloadBytes: number }
  expect(() => new Hub({ bus: new MemoryBus(), limits: odd })).toThrow('HubOptions.limits.toString is not known')
})

test('a Refusal has a code that the protocol can carry', () => {
  for (const code of [0, -1, 2_000, 1.5, Number.NaN]) expect(() => new Refusal(code, 'no')).toThrow(TypeError)
  expect(new Refusal(1, 'no')).toMatchObject({ code: 1, temporary: false, name: 'Refusal' })
  expect(new Refusal(1_999, 'no', { temporary: true }).temporary).toBe(true)
})

test('a time that no timer can hold is an error that names it, for every time', () => {
  const names = ['pingIntervalMs', 'pongTimeoutMs', 'connectTimeoutMs', 'lingerMs', 'auditIntervalMs'] as const
  for (const name of names) {
    expect(resolveHubOptions({ bus: new MemoryBus(), times: { [name]: 2 ** 31 - 1 } }).times[name]).toBe(2 ** 31 - 1)
    expect(() => resolveHubOptions({ bus: new MemoryBus(), times: { [name]: 2 ** 31 } })).toThrow(
      `HubOptions.times.${name} must be at most 2147483647`,
    )
  }
})
