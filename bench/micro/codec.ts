// The library's codecs stand behind no door: they are read from its build.
export interface Codecs {
  readonly jsonCodec: Codec
  readonly protobufCodec: Codec
  readonly packText: (frames: readonly (string | Uint8Array)[]) => { readonly bytes: Uint8Array }
  readonly packBinary: Codecs['packText']
}

/** As the library has it; what a message is in detail is the library's business. */
export interface Codec {
  encode(message: unknown): string | Uint8Array
  decode(frame: string | Uint8Array): unknown[]
}

export async function loadCodecs(): Promise<Codecs> {
  const load = async (path: string): Promise<unknown> =>
    import(new URL(`../../../packages/oyez/dist/${path}`, import.meta.url).href)
  return Object.assign(
    {},
    await load('protocol/json-codec.js'),
    await load('codec/protobuf/protobuf-codec.js'),
    await load('transport/ws-frame.js'),
  ) as Codecs
}
