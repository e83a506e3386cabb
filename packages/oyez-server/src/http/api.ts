import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import {
  ErrorCodes,
  type Hub,
  HubError,
  type HubErrorCode,
  JsonText,
  type Position,
  type RawHistoryPublication,
} from 'oyez'
import { z } from 'zod'
import { VERSION } from '../version.ts'
import { sameKey } from './api-key.ts'
import { jsonBody } from './json-body.ts'

/** Room for everything in a body that is not the payload. */
const ENVELOPE_BYTES = 4_096
/** Publications in one history answer. */
const HISTORY_LIMIT = 1_000
/** Channels of one broadcast. */
const MAX_CHANNELS = 1_000

const CHANNEL = z.string({ error: 'a text is needed' })
const USER = z.string({ error: 'a text is needed' }).min(1, 'is empty')
const DATA = z.custom<unknown>((value) => value !== undefined, { error: 'is missing' })
const OFFSET = z.int({ error: 'a whole number from 0 is needed' }).nonnegative('a whole number from 0 is needed')
const KEY = z
  .string({ error: 'a text is needed' })
  .min(1, 'is empty')
  .refine((key) => Buffer.byteLength(key) <= 64, 'is longer than 64 bytes')
  .optional()

const PUBLISH = z.strictObject({ channel: CHANNEL, data: DATA, idempotency_key: KEY }, { error: 'an object is needed' })
const SEND = z.strictObject({ user: USER, data: DATA, idempotency_key: KEY }, { error: 'an object is needed' })
const HISTORY = z.strictObject(
  {
    channel: CHANNEL,
    limit: z.int({ error: 'a whole number is needed' }).default(0),
    reverse: z.boolean({ error: 'true or false is needed' }).optional(),
    since: z
      .strictObject(
        { offset: OFFSET, epoch: z.string({ error: 'a text is needed' }) },
        { error: 'an object is needed' },
      )
      .optional(),
  },
  { error: 'an object is needed' },
)
const CLOSE = z.strictObject(
  {
    code: z
      .int({ error: 'a whole number is needed' })
      .min(3_000, 'is not in 3000 to 4999')
      .max(4_999, 'is not in 3000 to 4999'),
    reason: z.string({ error: 'a text is needed' }).default(''),
  },
  { error: 'an object is needed' },
)
const DISCONNECT = z
  .strictObject(
    { user: USER.optional(), client: USER.optional(), disconnect: CLOSE.optional() },
    { error: 'an object is needed' },
  )
  .refine(({ user, client }) => (user === undefined) !== (client === undefined), 'give either user or client')
const BROADCAST = z.strictObject(
  {
    channels: z
      .array(CHANNEL, { error: 'a list of texts is needed' })
      .min(1, 'is empty')
      .max(MAX_CHANNELS, `has more than ${MAX_CHANNELS} channels`),
    data: DATA,
    idempotency_key: KEY,
  },
  { error: 'an object is needed' },
)
const INFO = z.strictObject({}, { error: 'an object is needed' })

/** What the API needs of its node. */
export interface ApiOptions {
  readonly hub: Hub
  /** Key of the API; without one it is off, or open with `dev`. */
  readonly apiKey?: string | undefined
  readonly dev: boolean
  /** Largest payload of a publication, in bytes. */
  readonly maxPayloadBytes: number
}

/** Carries out a method. @param body - The request's text. @returns The result, or its JSON text. */
type Work<T> = (value: T, body: string) => Promise<object | string>

/**
 * The server API: `POST /api/publish`, `/broadcast`, `/send`, `/history`, `/disconnect`, `/info`, with header `X-API-Key`. What was understood is answered
 * with 200 and `{"result":…}` or `{"error":{"code","message"}}`.
 */
export function apiRoutes(options: ApiOptions): Hono {
  const { hub } = options
  const api = new Hono()
  api.use(keyNeeded(options))
  api.use(
    bodyLimit({
      maxSize: options.maxPayloadBytes + ENVELOPE_BYTES,
      onError: (context) =>
        context.json({ error: { code: 106, message: 'limit exceeded: the body is too large' } }, 413),
    }),
  )
  const method = <T>(name: string, schema: z.ZodType<T>, work: Work<T>): void => {
    api.post(`/${name}`, async (context) => {
      const body = await jsonBody(context, schema)
      return 'refusal' in body ? body.refusal : answer(context, () => work(body.value, body.text))
    })
  }
  method('publish', PUBLISH, async ({ channel, idempotency_key: idempotencyKey }, body) => {
    const data = payloadOf(body, options.maxPayloadBytes)
    return wirePosition(await hub.publish(channel, data, { idempotencyKey }))
  })
  method('broadcast', BROADCAST, async ({ channels, idempotency_key: idempotencyKey }, body) => {
    const data = payloadOf(body, options.maxPayloadBytes)
    const publish = async (channel: string): Promise<object> => {
      try {
        return { result: wirePosition(await hub.publish(channel, data, { idempotencyKey })) }
      } catch (error) {
        return { error: wireError(error) }
      }
    }
    return { responses: await Promise.all(channels.map(publish)) }
  })
  method('send', SEND, async ({ user, idempotency_key: idempotencyKey }, body) => {
    const data = payloadOf(body, options.maxPayloadBytes)
    return wirePosition(await hub.sendToUser(user, data, { idempotencyKey }))
  })
  method('history', HISTORY, async ({ channel, limit, reverse, since }) => {
    // As on the wire: 0 asks for the position only, a negative number for as many as fit an answer.
    const most = limit < 0 ? HISTORY_LIMIT : Math.min(limit, HISTORY_LIMIT)
    const { publications, position } = await hub.history(channel, { limit: most, reverse, since, raw: true })
    const { offset, epoch } = position
    return `{"publications":[${publications.map(wirePublication).join()}],"offset":${offset},"epoch":${JSON.stringify(epoch)}}`
  })
  method('disconnect', DISCONNECT, async ({ user, client = '', disconnect }) => {
    await hub.disconnect(user === undefined ? { connectionId: client } : { userId: user }, disconnect)
    return {}
  })
  method('info', INFO, async () => ({
    version: VERSION,
    uptime: Math.round(process.uptime()),
    ...snakeCased(hub.stats()),
  }))
  return api
}

function keyNeeded({ apiKey, dev }: ApiOptions): MiddlewareHandler {
  return async (context, next) => {
    if (apiKey === undefined) {
      if (dev) return next()
      const message =
        'the API is off: start the server with a key in OYEZ_API_KEY, api.key of the config file, or --api-key'
      return context.json({ error: { code: 404, message } }, 404)
    }
    const given =
      context.req.header('x-api-key') ?? /^apikey (.+)$/i.exec(context.req.header('authorization') ?? '')?.[1]
    if (sameKey(given ?? '', apiKey)) return next()
    return context.json(
      {
        error: {
          code: 101,
          message: 'unauthorized: header X-API-Key (or Authorization: apikey KEY) is missing or wrong',
        },
      },
      401,
    )
  }
}

/** A request that was understood and cannot be fulfilled. */
class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

async function answer(context: Context, work: () => Promise<object | string>): Promise<Response> {
  try {
    const result = await work()
    const text = typeof result === 'string' ? result : JSON.stringify(result)
    return context.body(`{"result":${text}}`, 200, { 'content-type': 'application/json' })
  } catch (error) {
    return context.json({ error: wireError(error) })
  }
}

function wireError(error: unknown): { readonly code: number; readonly message: string } {
  if (error instanceof ApiError) return { code: error.code, message: error.message }
  if (error instanceof HubError && error.code === 'unrecoverable-position') {
    const { code, message } = ErrorCodes.unrecoverablePosition
    return { code, message: `${message}: the history after it is gone` }
  }
  if (error instanceof HubError) {
    // Not the error's own words: they name hosts and ports behind the server.
    return { code: ErrorCodes.internal.code, message: HUB_WORDS[error.code] ?? 'internal server error' }
  }
  if (error instanceof TypeError) return { code: ErrorCodes.badRequest.code, message: `bad request: ${error.message}` }
  // Nested so deeply that it cannot be written again.
  if (error instanceof RangeError)
    return { code: ErrorCodes.badRequest.code, message: 'bad request: data is nested too deeply' }
  throw error
}

const HUB_WORDS: Readonly<Partial<Record<HubErrorCode, string>>> = {
  'bus-unavailable': 'the bus is not available: nothing was published',
  'bus-uncertain': 'the bus did not answer in time: it may have been published',
  'bus-refused': 'the bus refused: nothing was published',
  closed: 'the node is shutting down',
}

/** The payload in a body, with its bytes as the caller wrote them. */
function payloadOf(body: string, maxPayloadBytes: number): JsonText {
  const data = JsonText.member(body, 'data')
  if (data === undefined) throw new ApiError(ErrorCodes.badRequest.code, 'bad request: data: is missing')
  if (Buffer.byteLength(data.text) <= maxPayloadBytes) return data
  throw new ApiError(ErrorCodes.limitExceeded.code, `limit exceeded: data is larger than ${maxPayloadBytes} bytes`)
}

/** A publication as JSON text: its payload as it was published, payloads of binary channels as base64. */
function wirePublication({ offset, data, info }: RawHistoryPublication): string {
  const payload =
    data instanceof Uint8Array ? `"b64data":"${Buffer.from(data).toString('base64')}"` : `"data":${data.text}`
  return `{"offset":${offset},${payload}${info === undefined ? '' : `,"info":${info.text}`}}`
}

function wirePosition(position: Position | undefined): { readonly offset?: number; readonly epoch?: string } {
  return position === undefined ? {} : { offset: position.offset, epoch: position.epoch }
}

/** An object with its keys as the wire spells them. */
function snakeCased(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof item === 'object' && item !== null ? snakeCased(item) : item,
    ]),
  )
}
