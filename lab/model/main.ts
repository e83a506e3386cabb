import { ChannelModel } from './channel-model.ts'
import { explore } from './explore.ts'
import { WORLDS } from './world.ts'

// `npm run lab:model`: explores every world of `world.ts`; ends with code 1 at the first violation.

const started = performance.now()
const seconds = (): string => `${((performance.now() - started) / 1_000).toFixed(0)} s`
let total = 0
let steps = 0

for (const [index, world] of WORLDS.entries()) {
  let shown = performance.now()
  const result = explore(new ChannelModel(world), {
    onProgress: (states, waiting) => {
      if (performance.now() - shown < 5_000) return
      shown = performance.now()
      console.log(
        `  ${seconds()}: ${(total + states).toLocaleString('en')} states, ${waiting.toLocaleString('en')} to be looked at`,
      )
    },
  })
  total += result.states
  steps += result.steps
  const figures = `${result.states.toLocaleString('en')} states, ${result.depth} steps deep`
  console.log(`${result.violation === undefined ? 'ok    ' : 'BROKEN'}  ${index + 1}. ${world.name}: ${figures}`)
  if (result.violation !== undefined) {
    console.log(`\n${result.violation.rule}`)
    for (const [number, step] of result.violation.trace.entries())
      console.log(`${String(number + 1).padStart(4)}. ${step}`)
    process.exitCode = 1
    break
  }
}
console.log(
  `${total.toLocaleString('en')} states, ${steps.toLocaleString('en')} steps, ${process.exitCode === 1 ? 'a violation' : 'no violation'}, ${seconds()}`,
)
