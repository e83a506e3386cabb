export { WorkerBroker, type WorkerBrokerOptions, type WorkerBrokerStats } from './worker-broker.ts'
export { WorkerBus, type WorkerBusOptions } from './worker-bus.ts'
