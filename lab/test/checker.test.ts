import { describe, expect, it } from 'vitest'
import type { FinalLog } from '../checker/history.ts'
import { Tale } from './tale.ts'

type LogChange = (log: FinalLog) => { state?: Partial<FinalLog['state']>; records?: FinalLog['records'] }

function changed(tale: Tale, change: LogChange): Tale {
  const { state, records } = change(tale.log)
  tale.log = { state: { ...tale.log.state, ...state }, records: records ?? tale.log.records }
  return tale
}

/** Takes the journal line of one delivery away. */
function without(tale: Tale, offset: number): Tale {
  const at = tale.subscriberLines.findIndex(([kind, , , , o]) => kind === 'pub' && o === offset)
  tale.subscriberLines.splice(at, 1)
  return tale
}

describe('the checker', () => {
  it('finds nothing where nothing is wrong', async () => {
    expect(await new Tale(20).crimes()).toEqual({})
  })

  it('finds a record that a subscriber was not given', async () => {
    expect(await without(new Tale(20), 7).crimes()).toEqual({ lost: 1 })
  })

  it('finds that the last record is missing', async () => {
    expect(await without(new Tale(20), 20).crimes()).toEqual({ behind: 1 })
  })

  it('finds a record that was given twice, at once or later', async () => {
    expect(await new Tale(5).subscriber(['pub', 'CHANNEL', 5, 'pia', 5]).crimes()).toEqual({ repeated: 1 })
    expect(await new Tale(5).subscriber(['pub', 'CHANNEL', 2, 'pia', 2]).crimes()).toEqual({ repeated: 1 })
  })

  it('finds a record that came after a later one', async () => {
    const tale = without(new Tale(5), 3).subscriber(['pub', 'CHANNEL', 3, 'pia', 3])
    expect(await tale.crimes()).toEqual({ lost: 1, reordered: 1 })
  })

  it('finds a record that is another one in the log', async () => {
    const tale = new Tale(5)
    const line = tale.subscriberLines.find(([kind, , , , offset]) => kind === 'pub' && offset === 3)
    line?.splice(6, 1, 4)
    expect(await tale.crimes()).toMatchObject({ different: 2 })
  })

  it('finds a jump without a break', async () => {
    const tale = new Tale(5)
    tale.subscriberLines.splice(4, 2, ['sub', 1_000_500, 0, 'lab:busy-1', 1, 'log.t1', 4])
    expect(await tale.crimes()).toEqual({ jumped: 1 })
  })

  it('finds a sender that is not the publisher', async () => {
    const tale = new Tale(5)
    tale.subscriberLines.at(-1)?.push('mallory')
    expect(await tale.crimes()).toEqual({ identity: 1 })
  })

  it('finds a hole in the log, a top that does not fit, and a message stored twice or in another order', async () => {
    const hole = changed(new Tale(5), ({ records }) => ({ records: records.filter(({ offset }) => offset !== 3) }))
    expect(await hole.crimes()).toMatchObject({ logDamaged: 1 })
    const top = changed(new Tale(5), () => ({ state: { lastOffset: 4 } }))
    expect(await top.crimes()).toMatchObject({ logDamaged: 1 })
    const twice = changed(new Tale(5), ({ records }) => ({
      records: records.map((record) => (record.offset === 4 ? { ...record, n: 3, stamp: '4:other' } : record)),
    }))
    expect(await twice.crimes()).toMatchObject({ storedTwice: 1 })
    const order = changed(new Tale(5), ({ records }) => ({
      records: records.map((record) => (record.offset === 4 ? { ...record, n: 1 } : record)),
    }))
    expect(await order.crimes()).toMatchObject({ logReordered: 1 })
  })

  it('finds an acknowledged message that is nowhere, unless its publisher was told', async () => {
    const lost = new Tale(5).publisher(['send', 'CHANNEL', 6], ['ack', 'CHANNEL', 6, 'log.t0', 6])
    expect(await lost.crimes()).toEqual({ ackedMissing: 1, notPutBack: 1 })
    expect(await lost.publisher(['err', 'uncertain', 'lab:busy-1: the log lost something']).crimes()).toEqual({})
  })

  it('finds that what was undone came back only with the last words', async () => {
    const tale = new Tale(5)
    const whole = tale.log
    const quiet = { state: whole.state, records: whole.records.slice(0, 4) }
    expect(await tale.crimes({ quietLogs: [quiet] })).toEqual({ notPutBack: 1 })
  })

  it('finds an acknowledgement for a place where something else is', async () => {
    const tale = new Tale(5).publisher(['send', 'CHANNEL', 6], ['ack', 'CHANNEL', 6, 'log.t1', 5])
    expect(await tale.crimes()).toMatchObject({ untruthfulAck: 1 })
  })

  it('finds a record that came too late with nothing in its way', async () => {
    const tale = changed(new Tale(5), ({ records }) => ({
      state: { top: 6, length: 6, lastOffset: 6 },
      records: [...records, { offset: 6, publisher: 'pia', n: 6, sender: 'pia', stamp: '6:id' }],
    }))
    tale.publisher(['send', 'CHANNEL', 6], ['ack', 'CHANNEL', 6, 'log.t1', 6]).wait(7_000)
    expect(await tale.subscriber(['pub', 'CHANNEL', 6, 'pia', 6]).crimes()).toEqual({ late: 1 })
  })

  it('finds an error that a server must not cause', async () => {
    expect(await new Tale(5).subscriber(['err', 'protocol', 'a publication is missing']).crimes()).toEqual({
      clientError: 1,
    })
  })

  it('finds limits that were passed, and what the orchestrator complains of', async () => {
    const tale = new Tale(5).fault({ figures: { unreadyMs: 4_500 } }).fault({ complaint: 'code 1' })
    expect(await tale.crimes()).toEqual({ limit: 1, complaint: 1 })
  })

  describe('when a stream breaks', () => {
    const forked = (): Tale =>
      changed(new Tale(9), ({ records }) => ({
        state: { term: 't2', top: 5, length: 5, lastOffset: 5, forks: [{ term: 't1', top: 5 }] },
        records: records.slice(0, 5),
      })).publisher(['err', 'uncertain', 'lab:busy-1: the log lost something'])

    it('accepts a fork that the history of the log explains', async () => {
      const tale = forked().subscriber(['break', 'CHANNEL', 'fork', 'log.t1', 9, 'log.t2', 5, 5])
      expect(await tale.crimes({ allows: ['fork'] })).toEqual({})
    })

    it('finds a fork at another place, and one that must not be', async () => {
      const elsewhere = forked().subscriber(['break', 'CHANNEL', 'fork', 'log.t1', 9, 'log.t2', 5, 4])
      expect(await elsewhere.crimes({ allows: ['fork'] })).toEqual({ unjustified: 1 })
      const forbidden = forked().subscriber(['break', 'CHANNEL', 'fork', 'log.t1', 9, 'log.t2', 5, 5])
      expect(await forbidden.crimes()).toEqual({ unjustified: 1 })
    })

    it('finds that nobody was told of a fork', async () => {
      expect(
        await forked()
          .subscriber(['epoch', 'CHANNEL', 'log.t2'])
          .crimes({ allows: ['fork'] }),
      ).toMatchObject({
        different: 4,
        behind: 1,
      })
    })

    it('finds a break for which there was no reason', async () => {
      const trimmed = new Tale(9).subscriber(['break', 'CHANNEL', 'trimmed', 'log.t1', 9, 'log.t1', 9, -1])
      expect(await trimmed.crimes({ allows: ['trimmed'] })).toEqual({ unjustified: 1 })
    })

    const renewed = (): Tale =>
      changed(new Tale(9), () => ({
        state: { incarnation: 'next', top: 0, length: 0, lastOffset: 0 },
        records: [],
      }))

    it('accepts a new log after one was taken away, and finds one that nobody took', async () => {
      const broken = ['break', 'CHANNEL', 'new-log', 'log.t1', 9, 'next.t1', 0, -1] as const
      const taken = renewed()
        .fault({ effects: ['new-log'] })
        .subscriber(broken)
      expect(await taken.crimes({ allows: ['new-log'] })).toEqual({})
      expect(
        await renewed()
          .subscriber(broken)
          .crimes({ allows: ['new-log'] }),
      ).toMatchObject({ unjustified: 1 })
    })

    it('finds that an idle subscriber was told too late, or never', async () => {
      const broken = ['break', 'CHANNEL', 'new-log', 'log.t1', 9, 'next.t1', 0, -1] as const
      const late = renewed()
        .fault({ effects: ['new-log'] })
        .wait(7_000)
        .subscriber(broken)
      expect(await late.crimes({ allows: ['new-log'] })).toEqual({ late: 1 })
      const never = renewed().fault({ effects: ['new-log'] })
      expect(await never.crimes({ allows: ['new-log'] })).toEqual({ late: 1, behind: 1 })
    })
  })
})
