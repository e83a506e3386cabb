import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { type Hub, isOriginAllowed, type OriginPolicy, WsListener } from 'oyez'
import type { ServerConfig } from '../config/server-config.ts'
import { nodeApp } from '../http/app.ts'
import type { DemoDesk } from '../http/demo-routes.ts'
import type { Readiness } from '../http/readiness.ts'
import type { Log } from '../log/log.ts'
import { httpUrl, listen } from './listen.ts'
import { isLocalHost, isLocalOrigin } from './local-page.ts'
import { logRefusedOrigins } from './origin-log.ts'
import { startHub } from './start-hub.ts'
import { WEBSOCKET_PATH } from './websocket-path.ts'

const DEFAULT_PAYLOAD_BYTES = 65_536
/** Few clients are sent away faster than the configured time allows: so many milliseconds for each do not storm anybody. */
const DRAIN_MS_PER_CLIENT = 5

/** What differs from node to node. */
export interface NodeOptions {
  readonly name: string
  readonly log: Log
  readonly demo?: DemoDesk | undefined
}

/** One node of the standalone server: a hub, and the HTTP server in front of it. */
export class ServerNode {
  readonly hub: Hub
  readonly #config: ServerConfig
  readonly #server: Server
  readonly #listener: WsListener
  #port = 0
  #draining: Promise<void> | undefined

  private constructor(config: ServerConfig, hub: Hub, options: NodeOptions) {
    this.hub = hub
    this.#config = config
    const app = nodeApp({
      hub,
      readiness: () => this.#readiness(),
      log: options.log,
      websocketPath: WEBSOCKET_PATH,
      apiKey: config.apiKey,
      dev: config.dev,
      isHostAllowed: (host) => !config.dev || isLocalHost(host, config.host) || isListedHost(host, config.origins),
      maxPayloadBytes: config.limits.maxPayloadBytes ?? DEFAULT_PAYLOAD_BYTES,
      staticDir: config.staticDir,
      demo: options.demo,
    })
    // The host name stands in for a missing Host header, which simple health checks (HTTP/1.0) leave out.
    const listener = getRequestListener(app.fetch, { hostname: 'node' })
    this.#server = createServer(
      // A client that is slow to ask is not waited for; idle connections outlast those of load balancers, which close theirs first.
      { headersTimeout: 5_000, requestTimeout: 30_000, connectionsCheckingInterval: 1_000, keepAliveTimeout: 75_000 },
      (request, response) => void listener(request, response),
    )
    this.#listener = new WsListener(hub, {
      path: WEBSOCKET_PATH,
      origins: originPolicy(config),
      onRefusedOrigin: logRefusedOrigins(options.log),
      maxFrameBytes: frameBytes(config.limits.maxPayloadBytes),
    })
    this.#listener.attach(this.#server)
  }

  /** Connects the bus, then listens. @throws {UserError} when either cannot be done. */
  static async start(config: ServerConfig, options: NodeOptions): Promise<ServerNode> {
    const hub = await startHub(config, options)
    const node = new ServerNode(config, hub, options)
    try {
      node.#port = await listen(node.#server, config)
    } catch (error) {
      await hub.close()
      throw error
    }
    return node
  }

  get port(): number {
    return this.#port
  }

  /** Address of the HTTP server. */
  get url(): string {
    return httpUrl({ host: this.#config.host, port: this.#port })
  }

  /** Takes no new clients, sends the present ones elsewhere over the configured time, and ends. Idempotent. */
  drain(): Promise<void> {
    this.#draining ??= this.#drain()
    return this.#draining
  }

  async #drain(): Promise<void> {
    // Closed first: a load balancer that finds nobody listening goes to another node at once.
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    const { connections } = this.hub.stats()
    await this.hub.close({ drainMs: Math.min(this.#config.drainMs, connections * DRAIN_MS_PER_CLIENT) })
    await this.#listener.close()
    this.#server.closeAllConnections()
    await closed
  }

  #readiness(): Readiness {
    if (this.#draining !== undefined) return { ready: false, reason: 'the node is shutting down' }
    const { bus, busReason } = this.hub.bus
    const why = busReason === undefined ? '' : `: ${busReason}`
    if (!this.hub.ready) return { ready: false, reason: `the bus is down${why}` }
    return { ready: true, trouble: bus === 'refusing' ? `the bus refuses to store${why}` : undefined }
  }
}

/** A frame has room for its payload and what goes around it. */
function frameBytes(maxPayloadBytes: number | undefined): number | undefined {
  return maxPayloadBytes === undefined ? undefined : maxPayloadBytes + 4_096
}

/** In development, pages of this machine alone: their `Host` is checked too, so that a page that was rebound to this machine is a stranger. */
function originPolicy({ dev, host: listensOn, origins }: ServerConfig): OriginPolicy | undefined {
  if (!dev || origins !== undefined) return origins
  return (origin, host) => isLocalHost(host, listensOn) && isLocalOrigin(origin, listensOn)
}

/** Whether a `Host` header is the host of one of the listed origins. */
function isListedHost(host: string | undefined, origins: ServerConfig['origins']): boolean {
  if (origins === 'any') return true
  return ['http', 'https'].some((scheme) => isOriginAllowed(`${scheme}://${host}`, host, origins ?? []))
}
