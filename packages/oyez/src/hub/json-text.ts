import { isTooDeep, NestingError, rawMember } from '../protocol/json-span.ts'

let make: (text: string) => JsonText

/**
 * A JSON value as its source text. `hub.publish` and `hub.sendToUser` store the text as it is, so that numbers keep their digits and nothing is parsed and
 * written again. `hub.history` returns it with the option `raw`.
 *
 * @example await hub.publish('prices', JsonText.parse('{"amount":1.10,"id":1234567890123456789}'))
 */
export class JsonText {
  /** One JSON value in one line: line breaks between its tokens are spaces. */
  readonly text: string

  private constructor(text: string) {
    this.text = text
  }

  /** @throws {TypeError} when the text is no JSON value, holds a lone surrogate, or is nested more than 128 levels deep. */
  static parse(text: string): JsonText {
    try {
      JSON.parse(text)
    } catch (error) {
      throw new TypeError(`not a JSON value: ${(error as Error).message}`, { cause: error })
    }
    return JsonText.#checked(text.trim())
  }

  /**
   * The source text of a member of a JSON object, for servers that take a payload out of a request.
   *
   * @param text - The object's text, which `JSON.parse` has accepted.
   * @param name - Of repeated names the last counts, as in `JSON.parse`.
   * @returns `undefined` when there is no such member.
   * @throws {TypeError} when the member holds a lone surrogate or is nested more than 128 levels deep.
   */
  static member(text: string, name: string): JsonText | undefined {
    try {
      const found = rawMember(text, [name])
      return found === undefined ? undefined : JsonText.#checked(found)
    } catch (error) {
      if (error instanceof NestingError) throw new TypeError('nested more than 128 levels deep', { cause: error })
      throw error
    }
  }

  static {
    make = (text) => new JsonText(text)
  }

  static #checked(text: string): JsonText {
    if (isTooDeep(text)) throw new TypeError('nested more than 128 levels deep')
    if (/\p{Surrogate}/u.test(text)) throw new TypeError('holds a lone surrogate, which has no UTF-8 form')
    // A line break inside a string is written as an escape, so that every other one stands between two tokens.
    return new JsonText(/[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, ' ') : text)
  }

  toString(): string {
    return this.text
  }

  /** @throws {TypeError} always: `JSON.stringify` cannot write source text, so that a JsonText is a whole payload and never a part of one. */
  toJSON(): never {
    throw new TypeError('a JsonText is a whole payload: it cannot stand inside another value')
  }
}

/** Text that a hub has checked before it stored it. Not public: it is not checked again. */
export function storedJson(text: string): JsonText {
  return make(text)
}
