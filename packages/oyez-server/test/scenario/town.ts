import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisServer } from '../../../oyez/test/fixture/redis-server.ts'
import { freePort } from '../fixture/free-port.ts'
import { OyezNode } from '../fixture/oyez-node.ts'
import type { Cry } from './herald.ts'

/** One Redis and some nodes, each a process of its own, on ports that stay the same over restarts. */
export class Town {
  readonly redis: RedisServer
  readonly #ports: readonly number[]
  readonly #configDirectory: string
  readonly #nodes: (OyezNode | undefined)[] = []

  private constructor(redis: RedisServer, ports: readonly number[], configDirectory: string) {
    this.redis = redis
    this.#ports = ports
    this.#configDirectory = configDirectory
  }

  /** @param appendOnly - Redis keeps every acknowledged write on disk. */
  static async found(nodes: number, { appendOnly = false } = {}): Promise<Town> {
    const redis = await RedisServer.start({ appendOnly })
    const directory = await mkdtemp(join(tmpdir(), 'oyez-town-'))
    // A long history, so that the judge can read all of it in the end.
    await writeFile(
      join(directory, 'oyez.yaml'),
      'channels:\n  defaults:\n    history_size: 100000\n    history_ttl: 1h\n',
    )
    const ports: number[] = []
    for (let i = 0; i < nodes; i++) ports.push(await freePort())
    const town = new Town(redis, ports, directory)
    await Promise.all(ports.map((_, index) => town.startNode(index)))
    return town
  }

  get urls(): readonly string[] {
    return this.#ports.map((port) => `ws://127.0.0.1:${port}/connection/websocket`)
  }

  node(index: number): OyezNode {
    const node = this.#nodes[index]
    if (node === undefined) throw new Error(`node ${index} is not running`)
    return node
  }

  async startNode(index: number): Promise<void> {
    this.#nodes[index] = await OyezNode.start({
      port: this.#ports[index] ?? 0,
      name: `node-${index + 1}`,
      bus: this.redis.url,
      args: ['--config', join(this.#configDirectory, 'oyez.yaml')],
    })
  }

  async killNode(index: number): Promise<void> {
    await this.node(index).kill()
    this.#nodes[index] = undefined
  }

  /** The whole log of a channel, read page by page through the HTTP API of the first node. */
  async log(channel: string): Promise<{ readonly offset: number; readonly data: Cry }[]> {
    const entries: { offset: number; data: Cry }[] = []
    let since: object | undefined
    for (;;) {
      const { result } = (await this.node(0).api('history', { channel, limit: 300, ...(since && { since }) })) as {
        result?: { publications: { offset: number; data: Cry }[]; epoch: string }
      }
      if (result === undefined || result.publications.length === 0) return entries
      entries.push(...result.publications)
      since = { epoch: result.epoch, offset: entries.at(-1)?.offset }
    }
  }

  async ruin(): Promise<void> {
    await Promise.all(this.#nodes.map(async (node) => node?.kill()))
    await this.redis.cleanup()
    await rm(this.#configDirectory, { recursive: true, force: true })
  }
}
