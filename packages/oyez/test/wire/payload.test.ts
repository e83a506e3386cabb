import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { useWire } from './wire-fixture.ts'

describe('a payload', () => {
  const wire = useWire()

  it.each([
    ['a big integer', '12345678901234567890'],
    ['a number in an odd form', '[1.0, 1e2, -0, 1.10]'],
    ['odd spacing', '{  "a" :\t[ 1 ,2 ]\r }'],
    ['characters of all lengths', '"aé€🔔 \u2028"'],
    ['escapes', String.raw`"\u00e9\n\"\\ \/ \ud83d\udd14 \ud800"`],
    ['repeated names', '{"a":1,"a":2}'],
    [
      'the names of an object’s insides',
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    ],
    ['braces in strings', '{"}":"]{[\\"}"}'],
    ['nothing', 'null'],
  ])('with %s arrives as it was written', async (_name, data) => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    await client.ask({ id: 2, subscribe: { channel: 'room' } })
    client.send(`{"id":3,"publish":{"data": ${data} ,"channel":"room"}}`)
    await client.push()
    const frame = client.frames.find((text) => text.startsWith('{"push"'))
    expect(frame).toContain(`"pub":{"data":${data},"offset":1`)
    expect({}).not.toHaveProperty('polluted')
  })

  it('arrives as it was written from history and recovery too', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    const data = '{ "n" : 12345678901234567890 }'
    client.send(`{"id":2,"publish":{"channel":"room","data":${data}}}`)
    const { publish } = await client.reply(2)
    await client.ask({ id: 3, history: { channel: 'room', limit: 1 } })
    await client.ask({ id: 4, subscribe: { channel: 'room', recover: true, offset: 0, epoch: publish?.epoch } })
    expect(client.frames[2]).toContain(`[{"data":${data},"offset":1`)
    expect(client.frames[3]).toContain(`[{"data":${data},"offset":1`)
  })

  it('of any JSON arrives as the same value', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    await client.ask({ id: 2, subscribe: { channel: 'room' } })
    let id = 2
    await fc.assert(
      fc.asyncProperty(fc.json(), async (data) => {
        client.send(`{"publish":{"channel":"room","data":${data}},"id":${++id}}`)
        const [push, reply] = [await client.push(), await client.reply(id)]
        expect(reply).toHaveProperty('publish')
        expect(push.pub?.data).toEqual(JSON.parse(data))
      }),
      { numRuns: 100 },
    )
  })

  it('with the names of an object’s insides is harmless beside the payload too', async () => {
    const { url } = await wire.node()
    const client = await wire.raw(url)
    client.send(
      '{"id":1,"__proto__":{"polluted":true},"connect":{"__proto__":{"polluted":true},"headers":{"__proto__":"x","constructor":"y"},"subs":{"__proto__":{"recover":true},"constructor":{}}}}',
    )
    expect(await client.reply(1)).toHaveProperty('connect')
    for (const [index, channel] of ['__proto__', 'constructor', 'toString'].entries()) {
      const id = 10 * (index + 1)
      expect(await client.ask({ id, subscribe: { channel } })).toHaveProperty('subscribe')
      client.send(`{"id":${id + 1},"publish":{"channel":"${channel}","data":{"__proto__":1}}}`)
      expect(await client.push()).toMatchObject({ channel })
      expect(await client.ask({ id: id + 2, unsubscribe: { channel } })).toHaveProperty('unsubscribe')
    }
    expect({}).not.toHaveProperty('polluted')
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('goes to a hook as the parsed value', async () => {
    const seen: unknown[] = []
    const { url } = await wire.node({
      authorizePublish: (_connection, _channel, data) => {
        seen.push(data)
        return true
      },
    })
    const client = await wire.connected(url)
    client.send('{"id":2,"publish":{"channel":"room","data":{"__proto__":{"admin":true},"a":"é"}}}')
    await client.reply(2)
    expect(JSON.stringify(seen)).toBe('[{"__proto__":{"admin":true},"a":"é"}]')
    expect(seen[0]).not.toHaveProperty('admin')
  })
})
