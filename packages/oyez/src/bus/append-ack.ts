import type { AppendAck } from './bus.ts'
import { BusError } from './bus-error.ts'

/** For a broker that is one process's memory. @throws {BusError} `refused` for every level but `accepted` */
export function refuseAck(ack: AppendAck | undefined): void {
  if (ack === undefined || ack === 'accepted') return
  throw new BusError(
    'refused',
    'this bus keeps its logs in the memory of one process: it can only acknowledge as accepted',
  )
}
