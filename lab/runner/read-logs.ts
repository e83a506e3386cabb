import type { FinalLog } from '../checker/history.ts'
import { partsOf } from '../checker/epoch.ts'
import { LogReader, type LogRecord } from '../redis/log-reader.ts'
import type { NodeProcess } from './node-process.ts'
import type { Deployment } from './deployment.ts'

/** Publications in one answer of a node. */
const PAGE = 1_000

interface Page {
  readonly publications: readonly {
    offset: number
    data: { p?: string; n?: number } | null
    info?: { user?: string }
  }[]
  readonly epoch: string
  readonly offset: number
}

/** The logs that are left: read in Redis itself, or, where they are in the memory of the nodes, over the HTTP interface. */
export async function readLogs(deployment: Deployment): Promise<readonly FinalLog[]> {
  const ports = await deployment.store.masters()
  if (ports.length === 0)
    return Promise.all(deployment.channels.map((channel) => readOverHttp(deployment.node({}), channel)))
  const reader = await LogReader.open(ports)
  try {
    const logs: FinalLog[] = []
    for (const state of await reader.states(deployment.channels)) {
      logs.push({ state, records: await reader.records(state.channel) })
    }
    return logs
  } finally {
    reader.close()
  }
}

async function readOverHttp(node: NodeProcess, channel: string): Promise<FinalLog> {
  const records: LogRecord[] = []
  let since: object | undefined
  for (;;) {
    const page = (await node.api('history', { channel, limit: PAGE, ...(since && { since }) })) as Page
    for (const { offset, data, info } of page.publications) {
      records.push({ offset, publisher: data?.p ?? '?', n: data?.n ?? 0, sender: info?.user ?? '', stamp: '' })
    }
    const last = records.at(-1)?.offset ?? 0
    if (page.publications.length === 0 || last >= page.offset) {
      const { incarnation, term } = partsOf(page.epoch)
      const state = {
        channel,
        incarnation,
        term,
        top: page.offset,
        forks: [],
        length: records.length,
        lastOffset: last,
      }
      return { state, records }
    }
    since = { epoch: page.epoch, offset: last }
  }
}
