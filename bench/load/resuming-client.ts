import { type Dialect } from '../dialects/dialect.ts'
import { dialects } from '../dialects/dialects.ts'
import { type ResumeDialectName, resumeDialects, type Standing } from '../dialects/resume.ts'
import { RawClient } from './raw-client.ts'

export interface ResumingClientOptions {
  readonly dialect: ResumeDialectName
  readonly channel: string
  /** Where it goes when its first connection breaks. */
  readonly next: { readonly port: number; readonly afterMs: number }
  onResumed(): void
  onFailure(error: Error): void
}

/** A client that comes back once to where it stood, and counts whether what it heard is complete: publications are numbered from 1 in each channel. */
export class ResumingClient {
  readonly channel: string
  /** The number of the last publication heard. */
  last = 0
  /** Publications that never came. */
  lost = 0
  /** Publications that came again or out of order. */
  repeated = 0
  /** When the second connection was confirmed, by this process's clock. */
  resumedAtMs: number | undefined
  recovered = false
  readonly #options: ResumingClientOptions
  #standing: Standing | undefined
  #connection: RawClient | undefined

  constructor(options: ResumingClientOptions) {
    this.channel = options.channel
    this.#options = options
  }

  open(port: number): Promise<void> {
    const connection = this.#connect(port)
    return connection.ready
  }

  close(): void {
    this.#connection?.close()
  }

  #connect(port: number): RawClient {
    const { channel } = this
    this.#connection = new RawClient({
      port,
      aim: { kind: 'subscriber', channel },
      dialect: this.#dialect(),
      sampled: false,
      listener: {
        onPublication: (client, bytes, start) => this.#onPublication(bytes.toString('utf8', start, client.payloadEnd)),
        onChunkEnd: () => {},
        onFailure: (error) => this.#onBroken(error),
      },
    })
    return this.#connection
  }

  /** The program's ordinary dialect, with a beginning that knows where this client stood. */
  #dialect(): Dialect {
    const resume = resumeDialects[this.#options.dialect]
    return {
      ...dialects[this.#options.dialect],
      hello: () => [resume.hello(this.channel, this.#standing)],
      onHandshake: (text) => {
        const { ready, recovered, standing, payloads } = resume.onHandshake(text, this.#standing)
        for (const payload of payloads) this.#take(payload)
        if (recovered !== undefined) this.recovered = recovered
        if (standing !== undefined) this.#standing = { ...this.#standing, ...standing }
        return { ready }
      },
    }
  }

  #onPublication(text: string): void {
    const { payload, standing } = resumeDialects[this.#options.dialect].onPublication(text)
    this.#standing = { ...this.#standing, ...standing }
    this.#take(payload)
  }

  #take(payload: string): void {
    const number = Number.parseInt(payload, 10)
    if (number <= this.last) this.repeated++
    else {
      this.lost += number - this.last - 1
      this.last = number
    }
  }

  #onBroken(error: Error): void {
    if (this.resumedAtMs !== undefined) {
      this.#options.onFailure(error)
      return
    }
    const { port, afterMs } = this.#options.next
    setTimeout(() => {
      this.#connect(port).ready.then(
        () => {
          this.resumedAtMs = performance.now()
          this.#options.onResumed()
        },
        (problem: unknown) => this.#options.onFailure(problem instanceof Error ? problem : new Error(String(problem))),
      )
    }, afterMs)
  }
}
