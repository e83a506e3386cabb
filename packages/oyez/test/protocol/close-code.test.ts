import { expect, test } from 'vitest'
import { CloseCodes, isCloseCode, isTerminalClose, UnsubscribeCodes } from '../../src/protocol/close-code.ts'

test('reconnectable or terminal is readable from the number', () => {
  const terminal = Object.values(CloseCodes).filter(({ code }) => isTerminalClose(code))
  expect(terminal.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([
    3500, 3501, 3502, 3503, 3504, 3505, 3506, 3507, 3508,
  ])
  for (const code of [1000, 1001, 1006, 1008, 1011, 1012, 1013, 3000, 3499, 4000, 4499, 2999, 0]) {
    expect([code, isTerminalClose(code)]).toEqual([code, false])
  }
  for (const code of [1009, 3500, 3999, 4500, 4999]) expect([code, isTerminalClose(code)]).toEqual([code, true])
})

test('every code stands once, can be sent by a close frame, and its reason fits one', () => {
  const codes = Object.values(CloseCodes)
  expect(new Set(codes.map(({ code }) => code)).size).toBe(codes.length)
  for (const { code, reason } of codes) {
    expect(isCloseCode(code)).toBe(true)
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123)
  }
})

test('a hub closes with codes from 3000 to 4999 only', () => {
  for (const code of [3000, 3499.0, 4999]) expect(isCloseCode(code)).toBe(true)
  for (const code of [2999, 5000, 1000, 1006, 3000.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect([code, isCloseCode(code)]).toEqual([code, false])
  }
})

test('from 2500 on an unsubscribe means subscribe again', () => {
  expect(UnsubscribeCodes.server.code).toBeLessThan(2500)
  expect(UnsubscribeCodes.insufficientState.code).toBeGreaterThanOrEqual(2500)
  expect(UnsubscribeCodes.expired.code).toBeGreaterThanOrEqual(2500)
})
