import { answerOrders, ownUsage } from '../child/answer-orders.ts'
import type { Aim } from '../dialects/dialect.ts'
import { dialects } from '../dialects/dialects.ts'
import { textFrame } from './frame.ts'
import { stampedPayload } from './latency.ts'
import type { Crowd, GeneratorOrders, Pace, Sample } from './order.ts'
import { RawClient, type RawClientListener } from './raw-client.ts'
import { Run } from './run.ts'

const CHANNEL = 'news'
/** Of all users, the ones who send. */
const SENDERS = 200
/** Connections being opened at the same time. */
const OPENING = 100
/** One subscriber in so many has the age of its deliveries looked at: decoding must cost next to nothing. */
const SAMPLED_SUBSCRIBERS = 125
const FIRST_ID = 1_000_000_000

/** Opens a crowd of connections and publishes: the body of the load generator's process. */
class Generator implements GeneratorOrders {
  #crowd: Crowd | undefined
  #clients: RawClient[] = []
  #publisher: RawClient | undefined
  #run: Run | undefined
  #lastId = FIRST_ID
  #nextSender = 0
  readonly #listener: RawClientListener = {
    onPublication: (client, bytes, start) => {
      const run = this.#run
      if (run === undefined) return
      run.onDelivery(client.received)
      // Users receive one by one: of theirs, every eighth is looked at.
      if (client.sampled && (this.#crowd?.kind === 'channel' || (run.delivered & 7) === 0)) {
        run.takeLatency(bytes, start)
      }
    },
    onChunkEnd: () => this.#run?.advance(),
    onFailure: (error) => this.#run?.fail(error),
  }

  async open(crowd: Crowd): Promise<void> {
    this.#crowd = crowd
    for (let first = 0; first < crowd.connections; first += OPENING) {
      const wave: RawClient[] = []
      for (let n = first; n < Math.min(first + OPENING, crowd.connections); n++) wave.push(this.#connect(crowd, n))
      await Promise.all(wave.map((client) => client.ready))
      this.#clients.push(...wave)
    }
    if (crowd.kind !== 'channel') return
    this.#publisher = this.#connect({ ...crowd, kind: 'idle' }, 0)
    await this.#publisher.ready
  }

  begin(pace: Pace): void {
    const recipients = this.#crowd?.kind === 'users' ? 1 : this.#clients.length
    for (const client of this.#clients) client.received = 0
    this.#run = new Run({
      pace,
      recipients,
      publish: (count) => (this.#crowd?.kind === 'users' ? this.#sendToUsers(count) : this.#publish(count)),
    })
  }

  sample(): Sample {
    if (this.#run === undefined) throw new Error('nothing was begun')
    const now = { atMs: performance.now(), deliveries: this.#run.delivered, cpuUs: this.cpuUs() }
    return { ...now, ...this.#run.latencies() }
  }

  async stop(): ReturnType<GeneratorOrders['stop']> {
    if (this.#run === undefined) throw new Error('nothing was begun')
    return this.#run.stop()
  }

  count(): number {
    return this.#clients.reduce((sum, client) => sum + client.received, 0)
  }

  cpuUs(): number {
    return ownUsage().cpuUs
  }

  #connect(crowd: Crowd, number: number): RawClient {
    const { dialect, ports, kind } = crowd
    return new RawClient({
      port: ports[number % ports.length] as number,
      dialect: dialects[dialect],
      aim: aimOf(kind, number),
      sampled: kind === 'users' || (kind === 'channel' && number % SAMPLED_SUBSCRIBERS === 0),
      listener: this.#listener,
    })
  }

  #publish(count: number): void {
    const { dialect } = this.#crowd as Crowd
    const frames = Array.from({ length: count }, () =>
      textFrame(dialects[dialect].publish(CHANNEL, stampedPayload(), ++this.#lastId)),
    )
    this.#publisher?.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames))
  }

  #sendToUsers(count: number): void {
    const { dialect, connections } = this.#crowd as Crowd
    for (let n = 0; n < count; n++) {
      const sender = this.#clients[this.#nextSender++ % Math.min(SENDERS, connections)] as RawClient
      const receiver = `u${Math.floor(Math.random() * connections)}`
      sender.write(textFrame(dialects[dialect].sendTo(receiver, stampedPayload(), ++this.#lastId)))
    }
  }
}

function aimOf(kind: Crowd['kind'], number: number): Aim {
  switch (kind) {
    case 'channel':
      return { kind: 'subscriber', channel: CHANNEL }
    case 'users':
      return { kind: 'user', user: `u${number}` }
    case 'idle':
      return { kind: 'bystander' }
  }
}

const generator = new Generator()
answerOrders<GeneratorOrders>({
  open: (crowd) => generator.open(crowd),
  begin: (pace) => generator.begin(pace),
  sample: () => generator.sample(),
  stop: () => generator.stop(),
  count: () => generator.count(),
  cpuUs: () => generator.cpuUs(),
})
