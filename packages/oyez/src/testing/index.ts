export { type FakeClose, FakeTransport, unpackFrames } from './fake-transport.ts'
export { FlakyBus, type FlakyHint, type FlakyStep } from './flaky-bus.ts'
