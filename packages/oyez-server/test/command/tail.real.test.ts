import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../fixture/free-port.ts'
import { runOyez, spawnOyez } from '../fixture/oyez-cli.ts'
import { OyezNode } from '../fixture/oyez-node.ts'

let node: OyezNode
beforeAll(async () => {
  node = await OyezNode.start()
})
afterAll(() => node.kill())

async function published(channel: string, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await node.api('publish', { channel, data: { n } })
}

describe('tail', () => {
  it('prints what is kept behind an offset, then what is published', async () => {
    await published('room:since', 1, 3)
    const tail = spawnOyez(['tail', 'room:since', '--since', '1', '-n', '3', '--url', node.url])
    let output = ''
    tail.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const code = new Promise((resolve) => tail.once('close', resolve))
    await waitFor(() => output.includes('3  {"n":3}'))
    await published('room:since', 4, 4)
    expect(await code).toBe(0)
    expect(output).toBe('2  {"n":2}\n3  {"n":3}\n4  {"n":4}\n')
  })

  it('prints the last publications', async () => {
    await published('room:last', 1, 5)
    const { stdout } = await runOyez(['tail', 'room:last', '--history', '2', '-n', '2', '--url', node.url])
    expect(stdout).toBe('4  {"n":4}\n5  {"n":5}\n')
  })

  it('says BREAK on standard error when what it was asked for is not kept any more', async () => {
    // The log of a channel keeps 100 publications, or somewhat more.
    await published('room:trimmed', 1, 250)
    const { stdout, stderr } = await runOyez(['tail', 'room:trimmed', '--since', '2', '-n', '50', '--url', node.url])
    expect(stderr).toMatch(/^BREAK \(trimmed\): whole up to 2, goes on after \d+\n$/)
    const after = Number(/after (\d+)/.exec(stderr)?.[1])
    expect(stdout.split('\n')[0]).toBe(`${after + 1}  {"n":${after + 1}}`)
  })

  it('prints what is sent to a user', async () => {
    const sent = await runOyez(['send', 'bob', '"hear ye\\u001b[31m"', '--url', node.url])
    expect(sent).toMatchObject({ code: 0, stdout: 'published to #bob at offset 1\n' })
    const { stdout } = await runOyez(['tail', '#bob', '--history', '1', '-n', '1', '--url', node.url])
    // The escape sequence stays text.
    expect(stdout).toBe('1  "hear ye\\u001b[31m"\n')
  })

  it('does not pretend to hear what is for somebody else', async () => {
    const { code, stderr } = await runOyez(['tail', '#alice', '--user', 'bob', '--url', node.url])
    expect(code).toBe(1)
    expect(stderr).toBe('oyez: #alice is for alice alone: leave --user out\n')
  })

  it('ends with one line when the server refuses', async () => {
    const { code, stderr } = await runOyez(['tail', '@control', '--url', node.url])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^oyez: the server refuses @control: [^\n]+\n$/)
  })
})

describe('tail, when its node dies', () => {
  it('says so once, goes on at the node that takes its place, and repeats nothing', async () => {
    const first = await OyezNode.start({ name: 'first' })
    const tail = spawnOyez(['tail', 'room:life', '--history', '1', '-n', '2', '--url', first.url])
    let output = ''
    let notices = ''
    tail.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    tail.stderr?.on('data', (chunk: Buffer) => (notices += chunk.toString()))
    const code = new Promise((resolve) => tail.once('close', resolve))
    await first.api('publish', { channel: 'room:life', data: 'before' })
    await waitFor(() => output !== '')
    await first.kill()
    await waitFor(() => notices.includes('connection lost'))
    const second = await OyezNode.start({ name: 'second', port: first.port })
    await waitFor(() => notices.includes('connected again, to second'))
    // The memory of the first node died with it, and that is not hidden.
    await waitFor(() => notices.includes('BREAK (new-log)'))
    await second.api('publish', { channel: 'room:life', data: 'after' })
    expect(await code).toBe(0)
    expect(output).toBe('1  "before"\n1  "after"\n')
    expect(notices.match(/connection lost/g)).toHaveLength(1)
    await second.kill()
  })
})
