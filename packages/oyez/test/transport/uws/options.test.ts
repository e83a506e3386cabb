import { expect, it } from 'vitest'
import { type Acceptor, UwsListener } from '../../../src/transport/uws/index.ts'

const nobody: Acceptor = { accepting: false, accept: () => undefined }

it('an option that makes no sense is an error that names it', () => {
  for (const maxFrameBytes of [0, -1, 1.5, Number.NaN, 2 ** 30]) {
    expect(() => new UwsListener(nobody, { maxFrameBytes })).toThrow('UwsListenerOptions.maxFrameBytes')
  }
  for (const idleTimeoutSeconds of [0, 7, 961, 8.5]) {
    expect(() => new UwsListener(nobody, { idleTimeoutSeconds })).toThrow('UwsListenerOptions.idleTimeoutSeconds')
  }
  for (const path of ['connection', '', '/a/:b', '/*']) {
    expect(() => new UwsListener(nobody, { path })).toThrow('UwsListenerOptions.path must begin with "/"')
  }
})
