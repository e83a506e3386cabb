import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { resolveHubOptions } from '../../src/hub/options.ts'
import { CloseCodes, isTerminalClose, UnsubscribeCodes } from '../../src/protocol/close-code.ts'
import { ErrorCodes } from '../../src/protocol/error-code.ts'
import { DEFAULT_MAX_FRAME_BYTES } from '../../src/transport/upgrade.ts'
import { useWire } from './wire-fixture.ts'

const page = readFileSync(new URL('../../../../PROTOCOL.md', import.meta.url), 'utf8')

/** The text under a heading, up to the next one of any level. */
function section(heading: string): string {
  const start = page.indexOf(`\n${heading}\n`)
  if (start === -1) throw new Error(`PROTOCOL.md has no section ${heading}`)
  const body = page.slice(start + heading.length + 2)
  const end = body.search(/\n#{2,3} /)
  return end === -1 ? body : body.slice(0, end)
}

/** The cells of the first table of a section, without its head. */
function table(heading: string): readonly (readonly string[])[] {
  return section(heading)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
}

describe('PROTOCOL.md', () => {
  it('lists exactly the errors of the code', () => {
    const real = Object.values(ErrorCodes).map(({ code, message, temporary }) => [
      String(code),
      message,
      temporary ? 'yes' : 'no',
    ])
    expect(table('## Errors').map((row) => row.slice(0, 3))).toEqual(real)
  })

  it('lists exactly the close codes of the code, and which of them are final', () => {
    const real = Object.values(CloseCodes).map(({ code, reason }) => [
      String(code),
      reason,
      isTerminalClose(code) ? 'ends' : 'reconnects',
    ])
    expect(table('## Close codes').map((row) => row.slice(0, 3))).toEqual(real)
  })

  it('lists exactly the unsubscribe codes of the code', () => {
    const real = Object.values(UnsubscribeCodes).map(({ code, reason }) => [
      String(code),
      reason,
      code < 2500 ? 'ends' : 'subscribes again',
    ])
    expect(table('### Unsubscribe codes').map((row) => row.slice(0, 3))).toEqual(real)
  })

  it('tells the real defaults of limits and times', () => {
    const { limits, times } = resolveHubOptions({ bus: new MemoryBus() })
    const real: Readonly<Record<string, number>> = { ...limits, ...times, maxFrameBytes: DEFAULT_MAX_FRAME_BYTES }
    const told = table('## Limits and times')
    expect(told.length).toBeGreaterThan(5)
    for (const [option = '', value = ''] of told) {
      expect({ [option]: Number(value.replaceAll('_', '')) }).toEqual({ [option]: real[option.replaceAll('`', '')] })
    }
  })

  it('shows messages that are JSON, one a line', () => {
    const blocks = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => text.trim())
    expect(blocks.length).toBeGreaterThan(2)
    for (const line of blocks.join('\n').split('\n')) expect(typeof JSON.parse(line)).toBe('object')
  })
})

describe('the client by hand of PROTOCOL.md', () => {
  const wire = useWire()
  const code = /```js\n([\s\S]*?)```/.exec(section('## A client by hand in 20 lines'))?.[1] ?? ''
  type Follow = (options: {
    readonly url: string
    readonly token: string
    readonly channel: string
    readonly show: (data: unknown) => void
    readonly lost: () => void
  }) => void

  it('has 20 lines', () => {
    const lines = code.split('\n').filter((line) => /\w/.test(line))
    expect(lines).toHaveLength(20)
  })

  it('follows a channel over a lost connection, in order, once, answers pings, and is told of a loss', async () => {
    const node = await wire.node({
      channels: { defaults: { historySize: 8 } },
      times: { pingIntervalMs: 200, pongTimeoutMs: 150 },
    })
    const { hub } = node
    const shown: unknown[] = []
    const ends: number[] = []
    hub.on('disconnected', ({ code: end }) => ends.push(end))
    let losses = 0
    const follow = runInNewContext(`${code};follow`, { WebSocket, setTimeout }) as Follow
    const show = (data: unknown): void => void shown.push(data)
    follow({ url: node.url, token: 'bob', channel: 'news', show, lost: () => (losses += 1) })
    const subscribed = (): Promise<void> => expect.poll(() => hub.stats().subscriptions).toBe(2)
    const cut = async (): Promise<void> => {
      await hub.disconnect({ userId: 'bob' }, { code: 3011, reason: 'force reconnect' })
      await expect.poll(() => hub.stats().connections).toBe(0)
    }

    await subscribed()
    await hub.publish('news', 1)
    await hub.sendToUser('bob', 'not of this channel')
    await expect.poll(() => shown).toEqual([1])
    await cut()
    for (const n of [2, 3]) await hub.publish('news', n)
    await expect.poll(() => shown, { timeout: 5_000 }).toEqual([1, 2, 3])
    expect(losses).toBe(0)

    await cut()
    for (let n = 4; n <= 30; n++) await hub.publish('news', n)
    await expect.poll(() => losses, { timeout: 5_000 }).toBe(1)
    await hub.publish('news', 31)
    await expect.poll(() => shown).toEqual([1, 2, 3, 31])

    await hub.disconnect({ userId: 'bob' })
    await expect.poll(() => hub.stats().connections).toBe(0)
    // No end for a ping without a pong among them.
    expect(ends).toEqual([3011, 3011, 3503])
  })
})
