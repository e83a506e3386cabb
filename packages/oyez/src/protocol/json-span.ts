/** Deepest nesting of a payload; deeper ones could exhaust the stack of a parser somewhere on their way. */
const MAX_DEPTH = 128

/** The text is nested deeper than a payload may be. */
export class NestingError extends Error {
  override readonly name = 'NestingError'
}

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_ARRAY = 91
const BACKSLASH = 92
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/**
 * Finds the source text of a member of a nested object, such as `data` in `publish`, so that a payload is handed on exactly as its publisher
 * wrote it: parsing and writing again would round large numbers and cost time.
 *
 * @param text - JSON that `JSON.parse` has accepted; the scanner relies on it.
 * @param path - Names of the members to descend through; of repeated names the last counts, as in `JSON.parse`.
 * @returns The member's text; `undefined` when there is none.
 * @throws {NestingError} when the member, or one that stands on the way to it, is nested deeper than 128 levels.
 */
export function rawMember(text: string, path: readonly string[]): string | undefined {
  let start = skipSpace(text, 0)
  let end = text.length
  for (const [index, name] of path.entries()) {
    // The objects on the way do not count.
    const span = memberSpan(text, start, { name, maxDepth: MAX_DEPTH + path.length - 1 - index })
    if (span === undefined) return undefined
    start = span[0]
    end = span[1]
  }
  return text.slice(start, end)
}

/** Whether JSON that `JSON.parse` has accepted is nested deeper than 128 levels. */
export function isTooDeep(text: string): boolean {
  // As many brackets do not fit.
  if (text.length <= 2 * MAX_DEPTH) return false
  try {
    endOfValue(text, skipSpace(text, 0), MAX_DEPTH)
    return false
  } catch (error) {
    if (error instanceof NestingError) return true
    throw error
  }
}

function memberSpan(
  text: string,
  objectStart: number,
  { name, maxDepth }: { readonly name: string; readonly maxDepth: number },
): readonly [number, number] | undefined {
  if (text.charCodeAt(objectStart) !== OPEN_OBJECT) return undefined
  let found: readonly [number, number] | undefined
  let at = skipSpace(text, objectStart + 1)
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = stringEnd(text, at)
    const isWanted = keyEquals(text, [at, keyEnd], name)
    at = skipSpace(text, keyEnd)
    if (text.charCodeAt(at) !== COLON) return undefined
    const valueStart = skipSpace(text, at + 1)
    const valueEnd = endOfValue(text, valueStart, maxDepth)
    if (isWanted) found = [valueStart, valueEnd]
    at = skipSpace(text, valueEnd)
    if (text.charCodeAt(at) !== COMMA) break
    at = skipSpace(text, at + 1)
  }
  return found
}

/** Whether the string literal in `text[start, end)` is `name`; an escaped spelling of the name counts too. */
function keyEquals(text: string, [start, end]: readonly [number, number], name: string): boolean {
  if (end - start - 2 === name.length && text.startsWith(name, start + 1)) return true
  const literal = text.slice(start, end)
  return literal.includes('\\') && JSON.parse(literal) === name
}

/** Index after the value that starts at `start`. */
function endOfValue(text: string, start: number, maxDepth: number): number {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return stringEnd(text, start)
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return endOfWord(text, start)
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = stringEnd(text, at) - 1
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (++depth > maxDepth) throw new NestingError('nested too deeply')
    } else if ((code === CLOSE_OBJECT || code === CLOSE_ARRAY) && --depth === 0) {
      return at + 1
    }
  }
  return text.length
}

/** Index after the closing quote of the string literal that opens at `start`. */
function stringEnd(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1)
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1)
  return quote === -1 ? text.length : quote + 1
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

/** Index after a number, `true`, `false` or `null`. */
function endOfWord(text: string, start: number): number {
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY || isSpace(code)) break
    at++
  }
  return at
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9
}
