import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { file_client } from './generated/client_pb.ts'

/** The schema of the official client, as its compiled reader has it: by message, its fields by number. */
function officialSchema(): ReadonlyMap<string, ReadonlyMap<number, string>> {
  const file = fileURLToPath(import.meta.resolve('centrifuge/build/protobuf'))
  const code = readFileSync(file, 'utf8')
  const schema = new Map<string, ReadonlyMap<number, string>>()
  for (const [, name = '', body = ''] of code.matchAll(
    /(\w+)\.decode = function decode\(reader, length\) \{([\s\S]*?)\n {16}\};/g,
  )) {
    const fields = [...body.matchAll(/\n {28}case (\d+): \{\n([\s\S]*?)\n {28}\}/g)].map(
      ([, number = '', read = '']) => [Number(number), fieldOf(read)] as const,
    )
    schema.set(name, new Map(fields))
  }
  return schema
}

/** Name and type of a field, as its reader tells. */
function fieldOf(read: string): string {
  const name = /message\.(\w+)/.exec(read)?.[1] ?? ''
  const nested = /protocol\.(\w+)\.decode\(/.exec(read)?.[1]
  if (/emptyObject/.test(read)) return `${name}: map<string, ${nested ?? 'string'}>`
  const scalar = nested ?? /reader\.(\w+)\(\)/.exec(read)?.[1] ?? ''
  return `${name}: ${/\.push\(/.test(read) ? 'repeated ' : ''}${scalar}`
}

function describeField(field: DescField): string {
  switch (field.fieldKind) {
    case 'map':
      return `${field.name}: map<string, ${field.mapKind === 'message' ? field.message.name : 'string'}>`
    case 'list':
      return `${field.name}: repeated ${field.listKind === 'message' ? field.message.name : ''}`
    case 'message':
      return `${field.name}: ${field.message.name}`
    case 'enum':
      return `${field.name}: enum`
    case 'scalar':
      return `${field.name}: ${(ScalarType[field.scalar] ?? '').toLowerCase()}`
  }
}

/** Messages and fields that are ours alone. */
const isOwnMessage = ({ name }: DescMessage): boolean => name === 'Break' || name.startsWith('CloseProducer')
const isOwnField = ({ number }: DescField): boolean => number >= 1000

describe('proto/client.proto', () => {
  const official = officialSchema()
  const { messages } = file_client

  it('is compared with a schema that was found', () => {
    expect(official.size).toBeGreaterThan(30)
    expect(official.get('Publication')?.get(6)).toBe('offset: uint64')
    expect(official.get('ConnectRequest')?.get(3)).toBe('subs: map<string, SubscribeRequest>')
    expect(messages.length).toBeGreaterThan(25)
  })

  it('has the names, numbers and types of the official schema', () => {
    for (const message of messages.filter((one) => !isOwnMessage(one))) {
      const ours = message.fields.filter((field) => !isOwnField(field))
      const theirs = official.get(message.name)
      expect(ours.map((field) => [message.name, field.number, describeField(field)])).toEqual(
        ours.map((field) => [message.name, field.number, theirs?.get(field.number)]),
      )
    }
  })

  it('knows every command of the official schema, so that none is taken for nonsense', () => {
    const command = messages.find(({ name }) => name === 'Command')
    const ours = command?.fields.filter((field) => !isOwnField(field))
    expect(ours?.map(({ number }) => number)).toEqual([...(official.get('Command')?.keys() ?? [])])
  })

  it('numbers its own fields far above the official ones, outside what Protobuf keeps for itself', () => {
    const highest = Math.max(...[...official.values()].flatMap((fields) => [...fields.keys()]))
    const own = messages.filter((one) => !isOwnMessage(one)).flatMap(({ fields }) => fields.filter(isOwnField))
    expect(own.length).toBeGreaterThan(5)
    for (const { number } of own) {
      expect(number).toBeGreaterThan(10 * highest)
      // A tag of two bytes.
      expect(number).toBeLessThan(2048)
    }
  })
})
