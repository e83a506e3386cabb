import { busTraffic } from './bus-traffic.ts'
import { clientBundle } from './client-bundle.ts'
import { connectStorm } from './connect-storm.ts'
import { costCurve } from './cost-curve.ts'
import type { Experiment } from './experiment.ts'
import { logAppend } from './log-append.ts'
import { messageBytes } from './message-bytes.ts'
import { resumeStorm } from './resume-storm.ts'
import { slowConsumers } from './slow-consumers.ts'

/** In the order in which they are run, after the scenarios. */
export const experiments: readonly Experiment[] = [
  connectStorm,
  resumeStorm,
  slowConsumers,
  logAppend,
  busTraffic,
  messageBytes,
  costCurve,
  clientBundle,
]
