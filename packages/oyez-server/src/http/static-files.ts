import { createReadStream } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { Readable } from 'node:stream'
import type { Context, MiddlewareHandler } from 'hono'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-cache',
  // The page's own files and its own server, nothing else; no inline script.
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
}

/** Serves the files of one directory, `index.html` for a directory, and nothing outside it: no dot files, no links that lead out. */
export function staticFiles(directory: string): MiddlewareHandler {
  return async (context, next) => {
    const { method } = context.req
    if (method !== 'GET' && method !== 'HEAD') return next()
    const path = safePath(new URL(context.req.url).pathname)
    if (path === undefined) return next()
    const file = await openInside(directory, path)
    return file === undefined ? next() : respond(context, file)
  }
}

/** The relative path that a URL path stands for, or `undefined` when it tries to be something else. */
function safePath(urlPath: string): string | undefined {
  let path: string
  try {
    path = decodeURIComponent(urlPath)
  } catch {
    return undefined
  }
  const parts = path.split('/').filter((part) => part !== '')
  if (parts.some((part) => part.startsWith('.') || part.includes('\\') || part.includes('\0'))) return undefined
  if (path.endsWith('/')) parts.push('index.html')
  return parts.join(sep)
}

interface OpenFile {
  readonly path: string
  readonly size: number
  readonly modifiedMs: number
}

async function openInside(directory: string, path: string): Promise<OpenFile | undefined> {
  try {
    const root = await realpath(directory)
    const real = await realpath(join(root, path))
    if (!real.startsWith(root + sep)) return undefined
    const handle = await open(real)
    try {
      const stat = await handle.stat()
      return stat.isFile() ? { path: real, size: stat.size, modifiedMs: Math.floor(stat.mtimeMs) } : undefined
    } finally {
      await handle.close()
    }
  } catch {
    return undefined
  }
}

function respond(context: Context, { path, size, modifiedMs }: OpenFile): Response {
  const etag = `W/"${size.toString(36)}-${modifiedMs.toString(36)}"`
  const headers: Record<string, string> = { ...HEADERS, ETag: etag }
  if (context.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers })
  headers['Content-Type'] = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream'
  headers['Content-Length'] = String(size)
  if (context.req.method === 'HEAD' || size === 0) return new Response(null, { headers })
  // The length was promised: a file that grows meanwhile is cut there.
  const stream = createReadStream(path, { end: size - 1 })
  return new Response(Readable.toWeb(stream) as ReadableStream, { headers })
}
