import { describe, expect, it } from 'vitest'
import { FakeTransport, transportChecks, type FarEnd } from '../../src/testing/index.ts'

describe('the fake transport keeps the transport contract', () => {
  for (const check of transportChecks) {
    it(check.name, () => {
      return check.run(() => ({
        connect: async () => {
          const transport = new FakeTransport()
          return { transport, far: farEndOf(transport) }
        },
      }))
    })
  }
})

describe('the fake transport', () => {
  it('gives back the frames that were packed, text as text and bytes as bytes', () => {
    const transport = new FakeTransport()
    transport.write(transport.pack(['text', Uint8Array.of(0, 255), '', new Uint8Array(0)]))
    expect(transport.frames).toEqual(['text', Uint8Array.of(0, 255), '', new Uint8Array(0)])
    expect(transport.writes).toBe(1)
  })

  it('keeps frames that came before its start', () => {
    const transport = new FakeTransport()
    const frames: unknown[] = []
    transport.receive('early')
    transport.start({ onFrame: (frame) => frames.push(frame), onDrain: () => {}, onClose: () => {} })
    transport.receive('late')
    expect(frames).toEqual(['early', 'late'])
  })

  it('resolves a wait when what was waited for is written', async () => {
    const transport = new FakeTransport()
    const waiting = transport.until(({ frames }) => frames.includes('b'))
    transport.write(transport.pack(['a']))
    transport.write(transport.pack(['b']))
    await waiting
    expect(transport.take()).toEqual(['a', 'b'])
    expect(transport.frames).toEqual([])
  })
})

function farEndOf(transport: FakeTransport): FarEnd {
  return {
    get received() {
      return transport.frames
    },
    get closed() {
      if (!transport.closed) return undefined
      return transport.closedWith ?? { code: 1006, reason: '' }
    },
    send: (text) => transport.receive(text),
    pause: () => transport.stall(),
    resume: () => transport.drain(),
    hangUp: (code, reason) => transport.hangUp(code, reason),
    vanish: () => transport.hangUp(),
  }
}
