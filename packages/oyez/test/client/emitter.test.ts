import { expect, test } from 'vitest'
import { Emitter, type ErrorEvents } from '../../src/client/emitter.ts'

interface Events extends ErrorEvents {
  said: string
}

class Speaker extends Emitter<Events> {
  say(words: string): void {
    this.emit('said', words)
  }
}

test('listeners hear events in the order they were added, until they are removed', () => {
  const speaker = new Speaker()
  const heard: string[] = []
  const undo = speaker.on('said', (words) => heard.push(`a ${words}`))
  speaker.on('said', (words) => heard.push(`b ${words}`))
  speaker.say('1')
  undo()
  undo()
  speaker.say('2')
  expect(heard).toEqual(['a 1', 'b 1', 'b 2'])
})

test('a listener that throws harms nobody and is reported with its cause', () => {
  const speaker = new Speaker()
  const heard: string[] = []
  const cause = new Error('mine')
  const errors: unknown[] = []
  speaker.on('error', ({ error }) => errors.push(error.code, error.cause))
  speaker.on('said', () => {
    throw cause
  })
  speaker.on('said', (words) => heard.push(words))
  speaker.say('hello')
  expect(heard).toEqual(['hello'])
  expect(errors).toEqual(['listener', cause])
})

test('a listener of errors that throws ends there', () => {
  const speaker = new Speaker()
  const fail = (): void => {
    throw new Error('again')
  }
  speaker.on('error', fail)
  speaker.on('said', fail)
  expect(() => speaker.say('hello')).not.toThrow()
})

test('an async listener that rejects is reported like one that throws, and ends no process', async () => {
  const speaker = new Speaker()
  const cause = new Error('mine')
  const reported = new Promise((resolve) => speaker.on('error', ({ error }) => resolve([error.code, error.cause])))
  speaker.on('said', async () => {
    await Promise.resolve()
    throw cause
  })
  speaker.say('hello')
  expect(await reported).toEqual(['listener', cause])
})

test('an async listener of errors that rejects is ignored, and ends no process', async () => {
  const speaker = new Speaker()
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown): number => unhandled.push(reason)
  process.on('unhandledRejection', onUnhandled)
  speaker.on('error', () => Promise.reject(new Error('again')))
  speaker.on('said', () => Promise.reject(new Error('mine')))
  speaker.say('hello')
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled).toEqual([])
})
