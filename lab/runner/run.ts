import { mkdtemp, rm } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { check, type Evidence, type Verdict } from '../checker/checker.ts'
import { Random } from '../random.ts'
import { faults } from '../scenario/faults.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { endAll } from './child.ts'
import { EventLog } from './event-log.ts'
import { baselineOf, leaks } from './leaks.ts'
import { readLogs } from './read-logs.ts'
import { Deployment } from './deployment.ts'
import { type Setup, DEFAULT_SETUP } from './setup.ts'
import type { Step } from './step.ts'
import { pause, until } from './until.ts'

/** How long a run is, and what differs from its scenario. */
export interface RunOptions {
  readonly seed: number
  /** Faults go on for so long, or until the scenario ends. */
  readonly minutes?: number
  readonly setup?: Partial<Setup>
  readonly onProgress?: (progress: Progress) => void
  /** Journals stay on disk, to be looked at. */
  readonly keep?: boolean
}

export interface Progress {
  readonly phase: string
  readonly round: number
  readonly step: Step | undefined
  readonly delivered: number
  readonly acked: number
  readonly elapsedMs: number
}

/** How a run ended. */
export interface RunResult {
  readonly scenario: string
  readonly seed: number
  readonly rounds: number
  readonly ms: number
  /** Why it could not be carried through; then there is no verdict. */
  readonly failure?: string
  readonly verdict?: Verdict
  readonly directory: string
  readonly plan: readonly Step[]
}

const REST_MS = 500
const DELIVERIES_MS = 180_000
const QUIET_MS = 3_000
/** The limit for a lost last message, and time for a busy machine. */
const SETTLE_MS = 15_000

/** Runs one scenario: starts the deployment, lets faults happen under load, lets everything come to rest, and has it checked. */
export async function run(scenario: Scenario, options: RunOptions): Promise<RunResult> {
  const started = performance.now()
  const directory = await mkdtemp(join(tmpdir(), `oyez-lab-${scenario.name}-`))
  const eventLog = new EventLog(join(directory, 'events.jsonl'))
  const setup: Setup = { ...DEFAULT_SETUP, ...scenario.setup, ...options.setup }
  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  const plan: Step[] = []
  const about = { scenario: scenario.name, seed: options.seed, directory, plan }
  const ended = (): { rounds: number; ms: number } => ({
    rounds: plan.length,
    ms: Math.round(performance.now() - started),
  })
  let deployment: Deployment | undefined
  try {
    deployment = await Deployment.open(setup, { directory, eventLog, seed: options.seed })
    const phases = new RunPhases(deployment, scenario, { options, plan, started })
    const baseline = await baselineOf(deployment)
    await phases.faults()
    const logs = await phases.rest()
    await Promise.all([
      deployment.publisher.finish(),
      ...deployment.subscriberProcesses.map((subscriberProcess) => subscriberProcess.finish()),
    ])
    for (const text of await leaks(deployment, baseline)) eventLog.complain(text)
    eventLog.phase('end')
    await deployment.close()
    const { allows = [], noAbruptEnd = false } = scenario
    const slackMs = slackOf(lag.max / 1e6, Math.max(phases.load, loadavg()[0] ?? 0))
    const evidence = { directory, ...logs, allows, historySize: setup.historySize, slackMs, noAbruptEnd }
    const verdict = await check(evidence)
    if (options.keep !== true && verdict.findings.total === 0) await rm(directory, { recursive: true, force: true })
    return { ...about, ...ended(), verdict }
  } catch (error) {
    endAll()
    return { ...about, ...ended(), failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  } finally {
    lag.disable()
  }
}

/**
 * What a busy machine adds to every limit in time. The runner shares the machine with what it watches: how late its own timers were says how late
 * everything may have been, and so does the number of those who wait for a core.
 */
function slackOf(lagMs: number, load: number): number {
  const waiting = Math.max(0, load / availableParallelism() - 2)
  return Math.round(1_000 + 2 * lagMs + 500 * waiting)
}

/** The phases of a run. */
class RunPhases {
  readonly #deployment: Deployment
  readonly #scenario: Scenario
  readonly #options: RunOptions
  readonly #plan: Step[]
  readonly #started: number
  #phase = 'start'
  #isStuck = false
  /** The highest load of the machine that was seen. */
  load = 0

  constructor(
    deployment: Deployment,
    scenario: Scenario,
    around: { options: RunOptions; plan: Step[]; started: number },
  ) {
    this.#deployment = deployment
    this.#scenario = scenario
    this.#options = around.options
    this.#plan = around.plan
    this.#started = around.started
  }

  /** Load, and one fault after the other. */
  async faults(): Promise<void> {
    const { minutes = 1, seed } = this.#options
    const { restMs = REST_MS, rounds = Number.POSITIVE_INFINITY, deliveries = 0 } = this.#scenario
    const progress = setInterval(() => this.#tell(), 1_000)
    try {
      await this.#deployment.startActors()
      this.#deployment.eventLog.phase('load')
      this.#phase = 'load'
      await this.#observe()
      await this.#deployment.flow()
      const end = performance.now() + minutes * 60_000
      for (let round = 0; round < rounds && performance.now() < end; round++) {
        await this.#strike(this.#scenario.plan(Random.branch(seed, round), round))
        await pause(restMs)
      }
      this.#phase = 'deliver'
      await until(`${deliveries} deliveries`, () => this.#delivered >= deliveries, DELIVERIES_MS)
    } finally {
      clearInterval(progress)
    }
  }

  /** No more faults but a last one: everything must come to rest, and everybody hear the last words. */
  async rest(): Promise<Pick<Evidence, 'logs' | 'quietLogs'>> {
    const deployment = this.#deployment
    this.#phase = 'settle'
    deployment.eventLog.phase('settle')
    await deployment.assembled()
    await deployment.publisher.ask({ order: 'stop' })
    await this.#settled()
    // A failover by order leaves its old master a moment in which it answers; what it took is undone and put back after all else has come to rest.
    await pause(QUIET_MS)
    await this.#settled()
    const quietLogs = await readLogs(deployment)
    deployment.eventLog.phase('last-words')
    const { last } = this.#scenario
    await Promise.all([
      deployment.publisher.ask({ order: 'last-words' }),
      last === undefined ? undefined : this.#strike(last, false),
    ])
    await this.#settled()
    deployment.eventLog.phase('settled')
    return { quietLogs, logs: await readLogs(deployment) }
  }

  /** Waits until everybody stands at the heads; what does not come to rest is for the checker to find. */
  async #settled(): Promise<void> {
    // What has not come to rest once is not waited for again.
    if (this.#isStuck) return
    let late: readonly string[] = []
    await until(
      'settled',
      async () => {
        const heads = await this.#deployment.heads()
        const answers = await this.#deployment.tell({ order: 'behind', heads })
        late = answers.map(({ detail = '' }) => detail).filter((detail) => detail !== '')
        if (late.length > 0) await pause(200)
        return late.length === 0
      },
      SETTLE_MS,
    ).catch(() => {
      this.#isStuck = true
      this.#deployment.eventLog.complain(`not at rest after ${SETTLE_MS} ms: ${late.join('; ')}`)
    })
  }

  async #strike(step: Step, withFlow = true): Promise<void> {
    const fault = faults[step.fault]
    if (fault === undefined) throw new Error(`there is no fault ${step.fault}`)
    if (withFlow) this.#plan.push(step)
    const from = Date.now()
    const outcome = await fault(this.#deployment, step)
    this.#deployment.eventLog.write({ kind: 'fault', step, from, to: Date.now(), outcome })
    await this.#observe()
  }

  /** Writes down how the logs stand. */
  async #observe(): Promise<void> {
    for (const state of await this.#deployment.states()) {
      this.#deployment.eventLog.write({ kind: 'state', at: Date.now(), state })
    }
  }

  get #delivered(): number {
    return this.#deployment.subscriberProcesses.reduce((sum, { delivered }) => sum + delivered, 0)
  }

  #tell(): void {
    this.load = Math.max(this.load, loadavg()[0] ?? 0)
    const { publisher } = this.#deployment
    this.#options.onProgress?.({
      phase: this.#phase,
      round: this.#plan.length,
      step: this.#plan.at(-1),
      delivered: this.#delivered,
      acked: (publisher as typeof publisher | undefined)?.acked.reduce((sum, count) => sum + count, 0) ?? 0,
      elapsedMs: performance.now() - this.#started,
    })
  }
}
