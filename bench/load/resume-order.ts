import type { ResumeDialectName } from '../dialects/resume.ts'

/** Who is on the node that will die. */
export interface ResumeCrowd {
  readonly dialect: ResumeDialectName
  readonly victimPort: number
  readonly otherPorts: readonly number[]
  readonly connections: number
  /** Clients are spread evenly over so many channels. */
  readonly channels: number
  /** Each client comes back after a random time below this. */
  readonly spreadMs: number
}

/** How it ended, when everything that was published had time to arrive. */
export interface ResumeOutcome {
  readonly connections: number
  /** Connected and subscribed again. */
  readonly resumed: number
  /** Of these, told by the server that nothing is missing. */
  readonly recovered: number
  /** Publications that a client never received, summed over the clients. */
  readonly lost: number
  readonly repeated: number
  /** Publications still missing at the end, summed over the clients. */
  readonly behind: number
  /** From the kill to the confirmed subscription, the clients' own waiting included. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly allMs: number
}

/** What the crowd's process understands. */
export interface ResumeOrders {
  open(crowd: ResumeCrowd): Promise<void>
  /** Publishes so often a second, from a node that stays. */
  begin(perSecond: number): void
  /** The node is dead from now on. */
  killed(): void
  /** Waits until all are back and have everything, or thirty seconds. */
  finish(): Promise<ResumeOutcome>
  cpuUs(): number
}
