import { Hono } from 'hono'
import { z } from 'zod'
import { jsonBody } from './json-body.ts'

/** One worker, as the demo page shows it. */
export interface DemoNode {
  readonly name: string
  readonly pid: number
  readonly connections: number
}

/** What the demo page may ask for. A worker passes the questions on to the primary. */
export interface DemoDesk {
  /** The workers that live now. */
  nodes(): Promise<readonly DemoNode[]>
  /** Kills a worker by SIGKILL, shortly after the answer; `false` when there is none of that name. */
  kill(node: string): Promise<boolean>
}

const KILL = z.object({ node: z.string({ error: 'the name of a node is needed' }) }, { error: 'an object is needed' })

/** `GET /demo/nodes` and `POST /demo/kill {node}`: only there in demo mode. */
export function demoRoutes(desk: DemoDesk, self: string): Hono {
  const demo = new Hono()
  demo.get('/nodes', async (context) => {
    context.header('Cache-Control', 'no-store')
    return context.json({ self, nodes: await desk.nodes() })
  })
  demo.post('/kill', async (context) => {
    const body = await jsonBody(context, KILL)
    if ('refusal' in body) return body.refusal
    if (await desk.kill(body.value.node)) return context.json({ result: { node: body.value.node } })
    return context.json({ error: { code: 404, message: 'there is no worker of this name' } }, 404)
  })
  return demo
}
