import { Hono } from 'hono'
import type { Log } from '../log/log.ts'
import { Repeats } from '../log/repeats.ts'
import { type ApiOptions, apiRoutes } from './api.ts'
import { type DemoDesk, demoRoutes } from './demo-routes.ts'
import type { Readiness } from './readiness.ts'
import { staticFiles } from './static-files.ts'

/** What the HTTP side of a node needs. */
export interface AppOptions extends ApiOptions {
  readonly readiness: () => Readiness
  readonly log: Log
  readonly websocketPath: string
  /** Whether a request with this `Host` header is answered; otherwise it gets 421. */
  readonly isHostAllowed: (host: string | undefined) => boolean
  readonly staticDir?: string | undefined
  /** Offers the demo routes. */
  readonly demo?: DemoDesk | undefined
}

/** Everything a node answers over HTTP: `/health`, `/ready`, `/api/*`, files, and the demo. */
export function nodeApp(options: AppOptions): Hono {
  const { hub, readiness, log, websocketPath } = options
  const app = new Hono()
  const repeats = new Repeats()

  app.use((context, next) => {
    // Load balancers check health under names of their own, and the answer holds nothing to steal.
    const isHealthCheck = context.req.path === '/health' || context.req.path === '/ready'
    if (isHealthCheck || options.isHostAllowed(context.req.header('host'))) return next()
    const message =
      'this host name is not one of this server: in development use localhost or an IP address, or name the origin with --origins'
    return Promise.resolve(context.json({ error: { code: 421, message } }, 421))
  })
  app.use(async (context, next) => {
    await next()
    context.header('X-Content-Type-Options', 'nosniff')
  })
  app.onError((error, context) => {
    // The words of an unexpected error are for the log; a client gets none of them. One that left in the middle of its request is no error,
    // and whoever can cause errors cannot fill the log with them.
    const held = context.req.raw.signal.aborted ? undefined : repeats.admit(error.message)
    if (held !== undefined) {
      log.error('a request failed unexpectedly', { path: new URL(context.req.url).pathname, error: error.message })
    }
    return context.json({ error: { code: 100, message: 'internal server error' } }, 500)
  })
  app.notFound((context) => context.json({ error: { code: 404, message: 'there is nothing at this address' } }, 404))

  app.get('/health', (context) => {
    context.header('Cache-Control', 'no-store')
    return context.json({ status: 'ok' })
  })
  app.get('/ready', (context) => {
    context.header('Cache-Control', 'no-store')
    const state = readiness()
    if (state.ready) return context.json({ status: 'ready', node: hub.nodeName, trouble: state.trouble })
    return context.json({ status: 'not ready', reason: state.reason, node: hub.nodeName }, 503)
  })
  app.get(websocketPath, (context) => {
    context.header('Upgrade', 'websocket')
    return context.text('This address speaks WebSocket.\n', 426)
  })
  app.route('/api', apiRoutes(options))
  if (options.demo !== undefined) app.route('/demo', demoRoutes(options.demo, hub.nodeName))
  if (options.staticDir === undefined) {
    app.get('/', (context) => context.text(`oyez, node ${hub.nodeName}\nClients connect to ${websocketPath}\n`))
  } else {
    app.use(staticFiles(options.staticDir))
  }
  return app
}
