import { JsonText } from 'oyez'
import { printable, withoutPassword } from '../log/printable.ts'
import { UserError } from '../user-error.ts'

/** Longer than a node waits for its bus (5 s). */
const TIMEOUT_MS = 8_000

/** Calls the HTTP API of a node and returns its `result`. @throws {UserError} when the node is not there or says no. */
export async function callApi(
  method: string,
  body: Readonly<Record<string, JsonText | string | undefined>>,
  options: { readonly url: string; readonly apiKey?: string },
): Promise<Readonly<Record<string, unknown>>> {
  const shown = printable(withoutPassword(options.url))
  if (!/^https?:\/\//.test(options.url) || !URL.canParse(options.url)) {
    throw new UserError(`--url must be like http://127.0.0.1:8001, not "${shown}"`)
  }
  const key = options.apiKey ?? process.env['OYEZ_API_KEY']
  let response: Response
  let text: string
  try {
    response = await fetch(new URL(`/api/${method}`, options.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) },
      body: bodyText(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    text = await response.text()
  } catch (error) {
    throw new UserError(`cannot reach ${shown}: ${reasonOf(error)}. Is a node running there? Say where with --url`, {
      cause: error,
    })
  }
  const answer = parsed(text)
  if (isObject(answer?.['result'])) return answer['result']
  const error = answer?.['error']
  const message =
    isObject(error) && typeof error['message'] === 'string' ? error['message'] : `HTTP status ${response.status}`
  throw new UserError(`${shown} says: ${printable(message)}`)
}

/** A body as JSON; a payload stays as it was typed. */
function bodyText(body: Readonly<Record<string, JsonText | string | undefined>>): string {
  const members = Object.entries(body).flatMap(([name, value]) => {
    if (value === undefined) return []
    return [`${JSON.stringify(name)}:${value instanceof JsonText ? value.text : JSON.stringify(value)}`]
  })
  return `{${members.join()}}`
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1_000} s`
  const cause = error.cause as { readonly code?: string; readonly message?: string } | undefined
  return cause?.code === 'ECONNREFUSED' ? 'connection refused' : (cause?.message ?? error.message)
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
