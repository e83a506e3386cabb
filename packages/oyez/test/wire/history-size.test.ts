import { MemoryBroker, MemoryBus } from '../../src/bus/memory/index.ts'
import { historyNode, historySizeCases } from './history-size-cases.ts'

const broker = new MemoryBroker()

historySizeCases('memory', (wire) => historyNode(wire, new MemoryBus({ broker })))
