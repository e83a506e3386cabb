import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { create, createFileRegistry, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

type Fields = Readonly<Record<string, unknown>>

/** What the schema's generated code does: the same runtime, fed with the same descriptors. */
export class GeneratedCodec {
  readonly #reply: DescMessage
  readonly #command: DescMessage

  constructor() {
    const set = execFileSync(`${ROOT}node_modules/.bin/buf`, [
      'build',
      `${ROOT}packages/oyez/proto`,
      '-o',
      '-#format=binpb',
    ])
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set))
    const find = (name: string): DescMessage => {
      const found = registry.getMessage(`oyez.protocol.v1.${name}`)
      if (found === undefined) throw new Error(`the schema has no ${name}`)
      return found
    }
    this.#reply = find('Reply')
    this.#command = find('Command')
  }

  encodeReply(reply: Fields): Uint8Array {
    return toBinary(this.#reply, create(this.#reply, reply))
  }

  encodeCommand(command: Fields): Uint8Array {
    return toBinary(this.#command, create(this.#command, command))
  }

  decodeCommand(bytes: Uint8Array): unknown {
    return fromBinary(this.#command, bytes)
  }
}
