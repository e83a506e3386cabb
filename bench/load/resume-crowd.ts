// A crowd on one node that will die, and a publisher on another: the load generator's process for the resume storm.
import { answerOrders, ownUsage } from '../child/answer-orders.ts'
import { dialects } from '../dialects/dialects.ts'
import { textFrame } from './frame.ts'
import { quantile } from './latency.ts'
import { RawClient } from './raw-client.ts'
import { ResumingClient } from './resuming-client.ts'
import type { ResumeCrowd, ResumeOrders, ResumeOutcome } from './resume-order.ts'

const OPENING = 100
/** Each channel has one of them, so that its numbers stay in order; several, since a hub takes only so many commands of one connection at a time. */
const PUBLISHERS = 5
const PATIENCE_MS = 30_000
const FIRST_ID = 1_000_000_000
const PADDING = '.'.repeat(56)

let crowd: ResumeCrowd | undefined
let clients: ResumingClient[] = []
let publishers: RawClient[] = []
let timer: NodeJS.Timeout | undefined
let lastId = FIRST_ID
let killedAtMs = 0
let resumed = 0
let failure: Error | undefined
const published = new Map<string, number>()

const fail = (error: Error): void => {
  failure ??= error
}

async function open(order: ResumeCrowd): Promise<void> {
  crowd = order
  const { dialect, victimPort, otherPorts, connections, channels, spreadMs } = order
  clients = Array.from(
    { length: connections },
    (_, number) =>
      new ResumingClient({
        dialect,
        channel: `room-${number % channels}`,
        next: { port: otherPorts[number % otherPorts.length] as number, afterMs: Math.random() * spreadMs },
        onResumed: () => resumed++,
        onFailure: fail,
      }),
  )
  for (let first = 0; first < connections; first += OPENING) {
    await Promise.all(clients.slice(first, first + OPENING).map((client) => client.open(victimPort)))
  }
  publishers = Array.from(
    { length: PUBLISHERS },
    () =>
      new RawClient({
        port: otherPorts[0] as number,
        dialect: dialects[dialect],
        aim: { kind: 'bystander' },
        sampled: false,
        listener: { onPublication: () => {}, onChunkEnd: () => {}, onFailure: fail },
      }),
  )
  await Promise.all(publishers.map((publisher) => publisher.ready))
}

/** Publishes to all channels in turn, each numbered from 1. */
function begin(perSecond: number): void {
  const { dialect, channels } = crowd as ResumeCrowd
  const began = performance.now()
  let count = 0
  timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1_000) * perSecond)
    for (; count < due; count++) {
      const channel = `room-${count % channels}`
      const number = (published.get(channel) ?? 0) + 1
      published.set(channel, number)
      const payload = `"${String(number).padStart(6, '0')}${PADDING}"`
      publishers[(count % channels) % PUBLISHERS]?.write(
        textFrame(dialects[dialect].publish(channel, payload, ++lastId)),
      )
    }
  }, 20)
}

async function finish(): Promise<ResumeOutcome> {
  await until(() => resumed === clients.length)
  // Publishing goes on for a moment, so that whoever lost something finds out.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  clearInterval(timer)
  await until(() => clients.every(({ channel, last }) => last === published.get(channel)))
  if (failure !== undefined) throw failure
  const times = clients.flatMap(({ resumedAtMs }) => (resumedAtMs === undefined ? [] : [resumedAtMs - killedAtMs]))
  const sum = (of: (client: ResumingClient) => number): number =>
    clients.reduce((total, client) => total + of(client), 0)
  return {
    connections: clients.length,
    resumed,
    recovered: sum(({ recovered }) => Number(recovered)),
    lost: sum(({ lost }) => lost),
    repeated: sum(({ repeated }) => repeated),
    behind: sum(({ channel, last }) => (published.get(channel) ?? 0) - last),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    allMs: Math.max(...times),
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!isSo() && failure === undefined && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

answerOrders<ResumeOrders>({
  open,
  begin,
  killed: () => {
    killedAtMs = performance.now()
  },
  finish,
  cpuUs: () => ownUsage().cpuUs,
})
