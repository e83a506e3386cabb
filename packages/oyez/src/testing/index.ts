export type { BusCheck, BusWorld, BusWorldFactory } from './bus-check.ts'
export { busChecks } from './bus-conformance.ts'
export { type FakeClose, FakeTransport, unpackFrames } from './fake-transport.ts'
export { FlakyBus, type FlakyHint, type FlakyStep } from './flaky-bus.ts'
