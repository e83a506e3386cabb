import type { Codec, Frame } from '../protocol/codec.ts'
import { jsonCodec } from '../protocol/json-codec.ts'
import type { Pack, PackedFrames } from '../transport/transport.ts'

/** How one kind of connection is written to: a codec and a transport's framing. All connections of a kind share one object. */
export interface WireForm {
  readonly codec: Codec
  readonly pack: Pack
}

/** The wire forms in use: one object for each codec and framing, so that fan-out can group connections by identity. */
export class WireForms {
  readonly #codecs: ReadonlyMap<string, Codec>
  readonly #forms: WireForm[] = []

  /**
   * @param codecs - Beside the JSON form.
   * @throws {TypeError} when two of them have the same name.
   */
  constructor(codecs: readonly Codec[] = []) {
    this.#codecs = new Map([jsonCodec, ...codecs].map((codec) => [codec.name, codec]))
    if (this.#codecs.size <= codecs.length) throw new TypeError('HubOptions.codecs has two of the same name')
  }

  /** The form of a format, or the JSON form when the hub has no codec for it. */
  of(format: Codec['name'], pack: Pack): WireForm {
    const codec = this.#codecs.get(format) ?? jsonCodec
    const known = this.#forms.find((form) => form.codec === codec && form.pack === pack)
    if (known !== undefined) return known
    const form = { codec, pack }
    this.#forms.push(form)
    return form
  }
}

/** A batch is closed at this size, so that what one tick can add above a connection's high-water mark is bounded. */
export const MAX_BATCH_BYTES = 65_536

/**
 * Frames that go to many connections in one tick. While it is open, further publications of the channel are added without touching the
 * connections; the first connection that is flushed seals it, and the packed bytes are shared by all.
 */
export class Batch {
  readonly form: WireForm
  readonly #frames: Frame[] = []
  #packed: PackedFrames | undefined
  #bytes = 0
  #sealed = false

  constructor(form: WireForm) {
    this.form = form
  }

  /** Whether nothing may be added any more. */
  get isSealed(): boolean {
    return this.#sealed
  }

  /** Bytes of the frames so far (UTF-16 units for text frames: an estimate, exact for ASCII). */
  get bytes(): number {
    return this.#bytes
  }

  add(frame: Frame): void {
    this.#frames.push(frame)
    this.#bytes += frame.length
  }

  seal(): void {
    this.#sealed = true
  }

  /** The wire bytes, made once. Seals the batch. */
  packed(): PackedFrames {
    this.#sealed = true
    this.#packed ??= this.form.pack(this.#frames)
    return this.#packed
  }
}
