import type { TemplatedApp } from '@trufflesuite/uws-js-unofficial'
import { expectTypeOf, it } from 'vitest'
import type { UwsApp } from '../../../src/transport/uws/index.ts'

it('an app of uWebSockets.js has the shape that a listener asks for', () => {
  expectTypeOf<TemplatedApp>().toExtend<UwsApp>()
})
