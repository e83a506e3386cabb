import { describe, expect, test } from 'vitest'
import { ABSENT_AFTER_MS, Crowd } from '../src/crowd.ts'

describe('the crowd', () => {
  test('shows a person where their page was last heard', () => {
    const crowd = new Crowd(() => 0)
    crowd.heard({ name: 'alice', page: 'p', node: 'w1' })
    crowd.heard({ name: 'alice', page: 'p', node: 'w2' })
    expect(crowd.present().map(({ node }) => node)).toEqual(['w2'])
  })

  test('shows a person with two pages in two places', () => {
    const crowd = new Crowd(() => 0)
    crowd.heard({ name: 'alice', page: 'p', node: 'w1' })
    crowd.heard({ name: 'alice', page: 'q', node: 'w2' })
    expect(crowd.present().map(({ node }) => node)).toEqual(['w1', 'w2'])
  })

  test("does not let a page take another person's place", () => {
    const crowd = new Crowd(() => 0)
    crowd.heard({ name: 'alice', page: 'p', node: 'w1' })
    crowd.heard({ name: 'mallory', page: 'p', node: 'w2' })
    expect(crowd.present().map(({ name }) => name)).toEqual(['alice', 'mallory'])
  })

  test('says who is new', () => {
    const crowd = new Crowd(() => 0)
    expect(crowd.heard({ name: 'alice', page: 'p', node: 'w1' })).toBe(true)
    expect(crowd.heard({ name: 'alice', page: 'p', node: 'w2' })).toBe(false)
  })

  test('forgets who has been silent for too long', () => {
    let now = 0
    const crowd = new Crowd(() => now)
    crowd.heard({ name: 'alice', page: 'p', node: 'w1' })
    now = ABSENT_AFTER_MS
    expect(crowd.present()).toHaveLength(1)
    now += 1
    expect(crowd.present()).toHaveLength(0)
  })

  test('loses who says goodbye, and keeps their other page', () => {
    const crowd = new Crowd(() => 0)
    crowd.heard({ name: 'alice', page: 'p', node: 'w1' })
    crowd.heard({ name: 'alice', page: 'q', node: 'w2' })
    crowd.left({ name: 'alice', page: 'p' })
    expect(crowd.present().map(({ page }) => page)).toEqual(['q'])
  })

  test('is bounded', () => {
    let now = 0
    const crowd = new Crowd(() => now)
    for (let page = 0; page < 100; page += 1) {
      now += 1
      crowd.heard({ name: 'alice', page: String(page), node: 'w1' })
    }
    expect(crowd.present()).toHaveLength(60)
  })
})
