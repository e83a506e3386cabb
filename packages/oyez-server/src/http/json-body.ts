import type { Context } from 'hono'
import type { z } from 'zod'
import { printable } from '../log/printable.ts'

/** A body that was understood, or the answer to send instead. */
export type JsonBody<T> = { readonly value: T; readonly text: string } | { readonly refusal: Response }

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Reads and checks the JSON body of a request. */
export async function jsonBody<T>(context: Context, schema: z.ZodType<T>): Promise<JsonBody<T>> {
  // A web page of another origin cannot send this content type without asking first, and is never told yes.
  if (!/^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? '')) {
    return { refusal: badRequest(context, 'content-type must be application/json') }
  }
  let raw: unknown
  let text: string
  try {
    text = decoder.decode(await context.req.arrayBuffer())
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { refusal: badRequest(context, 'the body is not UTF-8') }
  }
  try {
    raw = JSON.parse(text)
  } catch (error) {
    // Anything but broken JSON (a body over its limit, a connection that broke) is for those who watch over the whole request.
    if (!(error instanceof SyntaxError)) throw error
    return { refusal: badRequest(context, 'the body is not JSON') }
  }
  const result = schema.safeParse(raw)
  if (result.success) return { value: result.data, text }
  const issue = result.error.issues[0]
  if (issue?.code === 'unrecognized_keys') {
    const path = [...issue.path, printable(String(issue.keys[0]))].map(String).join('.')
    return { refusal: badRequest(context, `${path}: is not a field of this method`) }
  }
  const where = issue === undefined || issue.path.length === 0 ? 'the body' : issue.path.map(String).join('.')
  return { refusal: badRequest(context, `${where}: ${issue?.message ?? 'not understood'}`) }
}

function badRequest(context: Context, problem: string): Response {
  return context.json({ error: { code: 107, message: `bad request: ${problem}` } }, 400)
}
