/** Where a client stood when its connection broke: what its program needs to go on. */
export type Standing = Readonly<Record<string, string | number>>

/** What a client learns while it connects. */
export interface ResumeStep {
  readonly ready: boolean
  /** What was asked for is continued from where the client stood; `undefined` until it is known. */
  readonly recovered?: boolean | undefined
  readonly standing?: Standing | undefined
  /** Payloads that came with it, oldest first. */
  readonly payloads: readonly string[]
}

/** How the clients of one program come back to where they were. Nothing here is on a hot path. */
export interface ResumeDialect {
  hello(channel: string, standing: Standing | undefined): string
  /** A frame before the connection is ready. */
  onHandshake(text: string, standing: Standing | undefined): ResumeStep
  /** A delivered publication. */
  onPublication(text: string): { readonly payload: string; readonly standing: Standing }
}

interface Publication {
  readonly data: string
  readonly offset: number
}

interface OyezReply {
  readonly id?: number
  readonly subscribe?: {
    readonly epoch: string
    readonly offset: number
    readonly recovered?: boolean
    readonly publications?: readonly Publication[]
  }
  readonly push?: { readonly pub?: Publication }
}

const oyez: ResumeDialect = {
  hello: (channel, standing) => {
    const recover =
      standing === undefined ? '' : `,"recover":true,"epoch":"${standing['epoch']}","offset":${standing['offset']}`
    return `{"id":1,"connect":{"name":"bench"}}\n{"id":2,"subscribe":{"channel":"${channel}"${recover}}}`
  },
  onHandshake: (text) => {
    for (const line of text.split('\n')) {
      const { subscribe } = JSON.parse(line) as OyezReply
      if (subscribe === undefined) continue
      const { epoch, offset, recovered, publications = [] } = subscribe
      const payloads = publications.map(({ data }) => data)
      const last = publications.at(-1)?.offset ?? offset
      return { ready: true, recovered: recovered ?? false, standing: { epoch, offset: last }, payloads }
    }
    return { ready: false, payloads: [] }
  },
  onPublication: (text) => {
    const pub = (JSON.parse(text) as OyezReply).push?.pub
    if (pub === undefined) throw new Error(`no publication: ${text}`)
    return { payload: pub.data, standing: { offset: pub.offset } }
  },
}

const socketio: ResumeDialect = {
  hello: (channel, standing) => `40${JSON.stringify({ ...standing, channel })}`,
  onHandshake: (text, standing) => {
    // What was missed comes before the answer to the connect.
    if (text.startsWith('42')) return { ready: false, ...asStep(socketio.onPublication(text)) }
    if (!text.startsWith('40')) return { ready: false, payloads: [] }
    const { pid } = JSON.parse(text.slice(2)) as { readonly pid?: string }
    if (pid === undefined) return { ready: true, recovered: false, payloads: [] }
    return { ready: true, recovered: pid === standing?.['pid'], standing: { pid }, payloads: [] }
  },
  onPublication: (text) => {
    const [, payload, offset] = JSON.parse(text.slice(2)) as [string, string, string?]
    return { payload, standing: offset === undefined ? {} : { offset } }
  },
}

function asStep({ payload, standing }: ReturnType<ResumeDialect['onPublication']>) {
  return { payloads: [payload], standing }
}

export const resumeDialects = { oyez, socketio } satisfies Record<string, ResumeDialect>

export type ResumeDialectName = keyof typeof resumeDialects
