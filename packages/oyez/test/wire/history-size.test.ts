import { MemoryBroker, MemoryBus } from '../../src/bus/memory/index.ts'
import { historySizeCases } from './history-size-cases.ts'

const broker = new MemoryBroker()

historySizeCases('memory', () => new MemoryBus({ broker }))
