import { describe, expect, it } from 'vitest'
import type { FinalLog } from '../checker/history.ts'
import { HandWrittenRun } from './hand-written-run.ts'

type LogChange = (log: FinalLog) => { state?: Partial<FinalLog['state']>; records?: FinalLog['records'] }

function changed(run: HandWrittenRun, change: LogChange): HandWrittenRun {
  const { state, records } = change(run.log)
  run.log = { state: { ...run.log.state, ...state }, records: records ?? run.log.records }
  return run
}

/** Takes the journal line of one delivery away. */
function without(run: HandWrittenRun, offset: number): HandWrittenRun {
  const at = run.subscriberLines.findIndex(([kind, , , , o]) => kind === 'pub' && o === offset)
  run.subscriberLines.splice(at, 1)
  return run
}

describe('the checker', () => {
  it('finds nothing where nothing is wrong', async () => {
    expect(await new HandWrittenRun(20).counts()).toEqual({})
  })

  it('finds a record that a subscriber was not given', async () => {
    expect(await without(new HandWrittenRun(20), 7).counts()).toEqual({ lost: 1 })
  })

  it('finds that the last record is missing', async () => {
    expect(await without(new HandWrittenRun(20), 20).counts()).toEqual({ behind: 1 })
  })

  it('finds a record that was given twice, at once or later', async () => {
    expect(await new HandWrittenRun(5).subscriber(['pub', 'CHANNEL', 5, 'pia', 5]).counts()).toEqual({ repeated: 1 })
    expect(await new HandWrittenRun(5).subscriber(['pub', 'CHANNEL', 2, 'pia', 2]).counts()).toEqual({ repeated: 1 })
  })

  it('finds a record that came after a later one', async () => {
    const run = without(new HandWrittenRun(5), 3).subscriber(['pub', 'CHANNEL', 3, 'pia', 3])
    expect(await run.counts()).toEqual({ lost: 1, reordered: 1 })
  })

  it('finds a record that is another one in the log', async () => {
    const run = new HandWrittenRun(5)
    const line = run.subscriberLines.find(([kind, , , , offset]) => kind === 'pub' && offset === 3)
    line?.splice(6, 1, 4)
    expect(await run.counts()).toMatchObject({ different: 2 })
  })

  it('finds a jump without a break', async () => {
    const run = new HandWrittenRun(5)
    run.subscriberLines.splice(4, 2, ['sub', 1_000_500, 0, 'lab:busy-1', 1, 'log.t1', 4])
    expect(await run.counts()).toEqual({ jumped: 1 })
  })

  it('finds a sender that is not the publisher', async () => {
    const run = new HandWrittenRun(5)
    run.subscriberLines.at(-1)?.push('mallory')
    expect(await run.counts()).toEqual({ identity: 1 })
  })

  it('finds a hole in the log, a top that does not fit, and a message stored twice or in another order', async () => {
    const hole = changed(new HandWrittenRun(5), ({ records }) => ({
      records: records.filter(({ offset }) => offset !== 3),
    }))
    expect(await hole.counts()).toMatchObject({ logDamaged: 1 })
    const top = changed(new HandWrittenRun(5), () => ({ state: { lastOffset: 4 } }))
    expect(await top.counts()).toMatchObject({ logDamaged: 1 })
    const twice = changed(new HandWrittenRun(5), ({ records }) => ({
      records: records.map((record) => (record.offset === 4 ? { ...record, n: 3, stamp: '4:other' } : record)),
    }))
    expect(await twice.counts()).toMatchObject({ storedTwice: 1 })
    const order = changed(new HandWrittenRun(5), ({ records }) => ({
      records: records.map((record) => (record.offset === 4 ? { ...record, n: 1 } : record)),
    }))
    expect(await order.counts()).toMatchObject({ logReordered: 1 })
  })

  it('finds an acknowledged message that is nowhere, unless its publisher was told', async () => {
    const lost = new HandWrittenRun(5).publisher(['send', 'CHANNEL', 6], ['ack', 'CHANNEL', 6, 'log.t0', 6])
    expect(await lost.counts()).toEqual({ ackedMissing: 1, notPutBack: 1 })
    expect(await lost.publisher(['err', 'uncertain', 'lab:busy-1: the log lost something']).counts()).toEqual({})
  })

  it('finds that what was undone came back only with the last words', async () => {
    const run = new HandWrittenRun(5)
    const whole = run.log
    const quiet = { state: whole.state, records: whole.records.slice(0, 4) }
    expect(await run.counts({ quietLogs: [quiet] })).toEqual({ notPutBack: 1 })
  })

  it('finds an acknowledgement for a place where something else is', async () => {
    const run = new HandWrittenRun(5).publisher(['send', 'CHANNEL', 6], ['ack', 'CHANNEL', 6, 'log.t1', 5])
    expect(await run.counts()).toMatchObject({ untruthfulAck: 1 })
  })

  it('finds a record that came too late with nothing in its way', async () => {
    const run = changed(new HandWrittenRun(5), ({ records }) => ({
      state: { top: 6, length: 6, lastOffset: 6 },
      records: [...records, { offset: 6, publisher: 'pia', n: 6, sender: 'pia', stamp: '6:id' }],
    }))
    run.publisher(['send', 'CHANNEL', 6], ['ack', 'CHANNEL', 6, 'log.t1', 6]).wait(7_000)
    expect(await run.subscriber(['pub', 'CHANNEL', 6, 'pia', 6]).counts()).toEqual({ late: 1 })
  })

  it('finds an error that a server must not cause', async () => {
    expect(await new HandWrittenRun(5).subscriber(['err', 'protocol', 'a publication is missing']).counts()).toEqual({
      clientError: 1,
    })
  })

  it('finds limits that were passed, and what the runner complains of', async () => {
    const run = new HandWrittenRun(5).fault({ figures: { unreadyMs: 4_500 } }).fault({ complaint: 'code 1' })
    expect(await run.counts()).toEqual({ limit: 1, complaint: 1 })
  })

  describe('when a stream breaks', () => {
    const forked = (): HandWrittenRun =>
      changed(new HandWrittenRun(9), ({ records }) => ({
        state: { term: 't2', top: 5, length: 5, lastOffset: 5, forks: [{ term: 't1', top: 5 }] },
        records: records.slice(0, 5),
      })).publisher(['err', 'uncertain', 'lab:busy-1: the log lost something'])

    it('accepts a fork that the history of the log explains', async () => {
      const run = forked().subscriber(['break', 'CHANNEL', 'fork', 'log.t1', 9, 'log.t2', 5, 5])
      expect(await run.counts({ allows: ['fork'] })).toEqual({})
    })

    it('finds a fork at another place, and one that must not be', async () => {
      const elsewhere = forked().subscriber(['break', 'CHANNEL', 'fork', 'log.t1', 9, 'log.t2', 5, 4])
      expect(await elsewhere.counts({ allows: ['fork'] })).toEqual({ unjustified: 1 })
      const forbidden = forked().subscriber(['break', 'CHANNEL', 'fork', 'log.t1', 9, 'log.t2', 5, 5])
      expect(await forbidden.counts()).toEqual({ unjustified: 1 })
    })

    it('finds that nobody was told of a fork', async () => {
      expect(
        await forked()
          .subscriber(['epoch', 'CHANNEL', 'log.t2'])
          .counts({ allows: ['fork'] }),
      ).toMatchObject({
        different: 4,
        behind: 1,
      })
    })

    it('finds a break for which there was no reason', async () => {
      const trimmed = new HandWrittenRun(9).subscriber(['break', 'CHANNEL', 'trimmed', 'log.t1', 9, 'log.t1', 9, -1])
      expect(await trimmed.counts({ allows: ['trimmed'] })).toEqual({ unjustified: 1 })
    })

    const renewed = (): HandWrittenRun =>
      changed(new HandWrittenRun(9), () => ({
        state: { incarnation: 'next', top: 0, length: 0, lastOffset: 0 },
        records: [],
      }))

    it('accepts a new log after one was taken away, and finds one that nobody took', async () => {
      const broken = ['break', 'CHANNEL', 'new-log', 'log.t1', 9, 'next.t1', 0, -1] as const
      const taken = renewed()
        .fault({ effects: ['new-log'] })
        .subscriber(broken)
      expect(await taken.counts({ allows: ['new-log'] })).toEqual({})
      expect(
        await renewed()
          .subscriber(broken)
          .counts({ allows: ['new-log'] }),
      ).toMatchObject({ unjustified: 1 })
    })

    it('finds that an idle subscriber was told too late, or never', async () => {
      const broken = ['break', 'CHANNEL', 'new-log', 'log.t1', 9, 'next.t1', 0, -1] as const
      const late = renewed()
        .fault({ effects: ['new-log'] })
        .wait(7_000)
        .subscriber(broken)
      expect(await late.counts({ allows: ['new-log'] })).toEqual({ late: 1 })
      const never = renewed().fault({ effects: ['new-log'] })
      expect(await never.counts({ allows: ['new-log'] })).toEqual({ late: 1, behind: 1 })
    })
  })
})
