import { describe, expect, it } from 'vitest'
import { CallTable } from '../../../src/bus/worker/call-table.ts'

describe('a table of calls', () => {
  it('rejects a call that waited for as many beats as it has patience, and leaves the later ones', async () => {
    const table = new CallTable(2)
    const first = table.wait(table.nextId(), 'append', 10)
    expect(table.beat()).toBe(false)
    const second = table.wait(table.nextId(), 'read', 10)
    expect(table.beat()).toBe(true)
    await expect(first).rejects.toMatchObject({ code: 'uncertain' })
    expect(table.bytes).toBe(10)
    expect(table.beat()).toBe(true)
    await expect(second).rejects.toMatchObject({ code: 'unavailable' })
    expect(table.bytes).toBe(0)
    expect(table.beat()).toBe(false)
  })

  it('counts an answer once, and ignores answers to what it does not know', async () => {
    const table = new CallTable(2)
    const id = table.nextId()
    const call = table.wait(id, 'read', 10)
    table.resolve(id, 'one')
    table.resolve(id, 'two')
    table.reject(id, 'refused', 'three')
    table.resolve(99, 'who?')
    expect(await call).toBe('one')
    expect(table.bytes).toBe(0)
  })
})
