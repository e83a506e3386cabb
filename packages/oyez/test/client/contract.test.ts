import { expect, expectTypeOf, test } from 'vitest'
import { WebSocket as WsWebSocket } from 'ws'
import { Client } from '../../src/client/index.ts'
import type { ClientOptions, History, Position, Subscription, WebSocketConstructor } from '../../src/client/index.ts'

interface Square {
  channels: {
    lobby: { text: string }
    [room: `room:${string}`]: { from: string; text: string }
  }
  personal: { kind: 'poke'; by: string }
  rpc: { time: { params: null; result: number }; add: { params: readonly [number, number]; result: number } }
}

// This file is about what the compiler says: the functions below are compiled, never called.
const client = new Client<Square>('ws://127.0.0.1:1')

test('a contract types the channels', () => {
  expectTypeOf(client.subscription('lobby')).toEqualTypeOf<Subscription<{ text: string }>>()
  const check = (): void => {
    client.subscription('room:42').on('publication', ({ data }) => {
      expectTypeOf(data).toEqualTypeOf<{ from: string; text: string }>()
    })
    expectTypeOf(client.publish('lobby', { text: 'hi' })).resolves.toEqualTypeOf<Position | undefined>()
    expectTypeOf(client.history('lobby')).resolves.toEqualTypeOf<History<{ text: string }>>()
    // @ts-expect-error no such channel
    client.subscription('nowhere')
    // @ts-expect-error the payload of another channel
    void client.publish('room:42', { text: 'hi' })
    // @ts-expect-error a number is no text
    void client.subscription('lobby').publish({ text: 7 })
  }
  expect(check).toBeTypeOf('function')
})

test('a contract types the messages to a user', () => {
  client.on('message', ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<{ kind: 'poke'; by: string }>()
  })
})

test('a contract types the calls', () => {
  const check = (): void => {
    expectTypeOf(client.rpc('time', null)).resolves.toEqualTypeOf<number>()
    expectTypeOf(client.rpc('add', [1, 2])).resolves.toEqualTypeOf<number>()
    // @ts-expect-error no such method
    void client.rpc('subtract', [1, 2])
    // @ts-expect-error one number is missing
    void client.rpc('add', [1])
  }
  expect(check).toBeTypeOf('function')
})

test('without a contract every name is allowed and every payload unknown', () => {
  const free = new Client('ws://127.0.0.1:1')
  free.subscription('anything').on('publication', ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<unknown>()
  })
  expectTypeOf(() => free.rpc('x', 1)).returns.resolves.toEqualTypeOf<unknown>()
})

test('the WebSocket classes of browsers and of the package ws fit', () => {
  expectTypeOf<typeof WebSocket>().toExtend<WebSocketConstructor>()
  expectTypeOf<typeof WsWebSocket>().toExtend<WebSocketConstructor>()
  const options: ClientOptions = { WebSocket: WsWebSocket }
  expect(new Client('ws://127.0.0.1:1', options).state).toBe('disconnected')
})
