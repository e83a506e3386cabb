import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OyezNode } from '../../../packages/oyez-server/test/fixture/oyez-node.ts'
import { launchChromium, pageFolder, SquarePage } from './fixture/square-page.ts'

const PERFECT = 'received 200 of 200, in order, no repeats, none lost'

let server: OyezNode
let browser: Browser
let alice: SquarePage
let bob: SquarePage
/** Kept after the tests when OYEZ_SCREENSHOTS names a folder. */
let shots: string

async function shoot(square: SquarePage, name: string): Promise<number> {
  const path = join(shots, `${name}.png`)
  await square.page.screenshot({ path, fullPage: true })
  return statSync(path).size
}

beforeAll(async () => {
  const kept = process.env['OYEZ_SCREENSHOTS']
  shots = kept ?? mkdtempSync(join(tmpdir(), 'oyez-square-'))
  mkdirSync(shots, { recursive: true })
  server = await OyezNode.start({ bus: 'worker:', workers: 2, args: ['--demo', '--static', pageFolder] })
  browser = await launchChromium()
  alice = await SquarePage.open(browser, server.url, {
    name: 'alice',
    view: { width: 1200, height: 940, colours: 'light' },
  })
  bob = await SquarePage.open(browser, server.url, { name: 'bob', view: { width: 390, height: 844, colours: 'dark' } })
  await bob.moveAwayFrom(await alice.node())
})

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  if (process.env['OYEZ_SCREENSHOTS'] === undefined) rmSync(shots, { recursive: true, force: true })
})

// The tests share two pages and tell one story, in order.
describe('the square, opened by Alice on one node and by Bob on the other', () => {
  test('shows each of them on the node where they are', async () => {
    for (const square of [alice, bob]) {
      const home = square.page.locator('.tower.home')
      await home.waitFor()
      expect(await home.getAttribute('data-node')).toBe(await square.node())
      for (const person of [alice, bob]) {
        await square.page
          .locator(`.tower[data-node="${await person.node()}"] .avatar[title="${person.name}"]`)
          .waitFor()
      }
    }
  })

  test("shows Bob what Alice says, with her name, her node and its number in the room's log", async () => {
    await alice.say('Good day to you all!')
    const words = await bob.notice('Good day to you all!')
    expect(words).toContain('alice')
    expect(words).toContain((await alice.node()).split('-').at(-1))
    expect(words).toMatch(/#1\D/)
  })

  test('gives Bob a letter from Alice and shows it to nobody else', async () => {
    const carol = await SquarePage.open(browser, server.url, {
      name: 'carol',
      view: { width: 800, height: 700, colours: 'light' },
    })
    await alice.page.locator('#people', { hasText: 'bob' }).waitFor()
    await alice.say('Meet me at the well at noon.', 'bob')
    expect(await bob.notice('Meet me at the well at noon.')).toContain('to you alone')
    await alice.say('That was all.')
    await carol.notice('That was all.')
    expect(await carol.page.locator('#notices').textContent()).not.toContain('the well')
    // A page that is closed says goodbye; one that crashes would be forgotten after a while.
    await carol.page.close({ runBeforeUnload: true })
    await alice.page.locator('#people', { hasText: 'carol' }).waitFor({ state: 'hidden', timeout: 10_000 })
    await carol.page.context().close()
  })

  test('shows notices as text, whatever is in them', async () => {
    await alice.say('<img src=x onerror=alert(1)><b>bold</b>')
    await bob.notice('<img src=x onerror=alert(1)><b>bold</b>')
    expect(await bob.page.locator('#notices img').count()).toBe(0)
  })

  test('loses nothing when the node of a listener is killed during a run of the crier', async () => {
    const home = await alice.node()
    await bob.startCrier()
    await alice.received(40)
    await alice.pullPlug(home)
    await alice.page.locator('#recovery', { hasText: 'You lost' }).waitFor()
    await Promise.all([alice.received(200), bob.received(200)])
    expect(await alice.counter()).toBe(PERFECT)
    expect(await bob.counter()).toBe(PERFECT)
    expect(await alice.page.locator('#recovery').textContent()).toMatch(/recovered \d+ messages?, 0 lost/)
    await shoot(alice, 'after-kill-desktop-light')
  })

  test('loses nothing when the node of the crier himself is killed', async () => {
    await alice.page.locator('.tower.down').waitFor({ state: 'detached' })
    const home = await alice.connected()
    await alice.page.locator('#cry:enabled').waitFor()
    await alice.startCrier()
    await alice.page.waitForFunction(() =>
      /^received [1-9]\d of 200$/.test(document.querySelector('#cry-count')?.textContent ?? ''),
    )
    await alice.pullPlug(home)
    await shoot(alice, 'during-kill-desktop-light')
    await alice.page.locator('#cry-stored', { hasText: '200 are stored' }).waitFor()
    await Promise.all([alice.received(200), bob.received(200)])
    expect(await alice.counter()).toBe(PERFECT)
    expect(await bob.counter()).toBe(PERFECT)
  })

  test('has no break to show in the end', async () => {
    expect(await alice.alarms()).toEqual([])
    expect(await bob.alarms()).toEqual([])
  })

  test('fits a phone and a desk, by day and by night', async () => {
    for (const square of [alice, bob]) {
      for (const colours of ['light', 'dark'] as const) {
        for (const width of [360, 1200]) {
          await square.page.emulateMedia({ colorScheme: colours })
          await square.page.setViewportSize({ width, height: 900 })
          const overflow = await square.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
          expect(overflow, `${square.name}, ${width} wide`).toBeLessThanOrEqual(0)
          // An empty page makes a picture of a few kilobytes.
          expect(await shoot(square, `${square.name}-${width}-${colours}`)).toBeGreaterThan(30_000)
        }
      }
    }
  })

  test('runs under the strict content security policy, without a failing script', () => {
    expect([...alice.faults, ...bob.faults]).toEqual([])
  })
})
