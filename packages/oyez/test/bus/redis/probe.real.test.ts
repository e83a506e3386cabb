import { expect, it } from 'vitest'
import { Probe } from '../../../src/bus/redis/probe.ts'
import { waitFor } from '../../fixture/redis-server.ts'

interface Trial {
  readonly probe: Probe
  readonly sent: number[]
  readonly deaths: string[]
}

function trial(send: (number: number, probe: Probe) => Promise<void>, hearing = true): Trial {
  const sent: number[] = []
  const deaths: string[] = []
  const probe: Probe = new Probe({
    send: (number) => {
      sent.push(number)
      return send(number, probe)
    },
    hearing: () => hearing,
    onDead: ({ message }) => deaths.push(message),
  })
  return { probe, sent, deaths }
}

it('a probe that is never answered is a death, once', async () => {
  const { probe, deaths } = trial(() => new Promise(() => undefined))
  probe.start()
  await waitFor(() => deaths.length > 0, 4_500)
  expect(deaths).toEqual(['no answer within 3000 ms'])
  probe.stop()
})

it('a probe that is answered and not heard is a death, unless nothing can be heard at present', async () => {
  const [deaf, mute] = [trial(async () => undefined), trial(async () => undefined, false)]
  deaf.probe.start()
  mute.probe.start()
  await waitFor(() => deaf.deaths.length > 0, 4_500)
  expect(deaf.deaths).toEqual(['a publication did not come back within 3000 ms'])
  await waitFor(() => mute.sent.length >= 5)
  expect(mute.deaths).toEqual([])
  mute.probe.stop()
})

it('probes that come back go on, once a second', async () => {
  const { probe, sent, deaths } = trial(async (number, own) => own.heard(number))
  probe.start()
  await waitFor(() => sent.length >= 5)
  probe.stop()
  expect(sent).toEqual([1, 2, 3, 4, 5])
  expect(deaths).toEqual([])
})

it('a process that was itself blocked for longer does not think that Redis is gone', async () => {
  const answers: (() => void)[] = []
  let blocked = false
  const { probe, sent, deaths } = trial((number, own) => {
    return new Promise((resolve) => {
      answers.push(() => {
        own.heard(number)
        resolve()
      })
      if (blocked) return
      blocked = true
      for (const until = performance.now() + 4_000; performance.now() < until; );
    })
  })
  probe.start()
  // The next probe goes out in a later tick, so at least one tick has judged the first by then.
  await waitFor(() => sent.length >= 2)
  expect(deaths).toEqual([])
  for (const answer of answers) answer()
  probe.stop()
})
