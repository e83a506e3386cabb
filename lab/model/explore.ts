/** One way in which a state can change. */
export interface Step<State> {
  /** What happens, in words. */
  readonly name: string
  /** Carries it out on a state that is its own copy. @throws {Violation} when a rule is broken on the way. */
  apply(state: State): void
}

/** A system whose every state can be visited. */
export interface Model<State> {
  initial(): State
  /** A short string, the same for the same state and for no other. */
  encode(state: State): string
  /** A fresh copy of the state that `encode` wrote. */
  decode(code: string): State
  /** Everything that can happen next, always in the same order for the same state. */
  steps(state: State): readonly Step<State>[]
  /** May change the state. @throws {Violation} when the state breaks a rule. */
  check(state: State): void
}

/** A rule of the model was broken. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export interface Exploration {
  /** Different states visited. */
  readonly states: number
  /** Steps taken, those to known states included. */
  readonly steps: number
  /** Steps from the first state to the farthest one. */
  readonly depth: number
  /** Why and how a rule was broken, by the shortest way there is; `undefined` when none was. */
  readonly violation?: { readonly rule: string; readonly trace: readonly string[] } | undefined
}

export interface ExploreOptions {
  /** Called now and then. */
  readonly onProgress?: ((states: number, waiting: number) => void) | undefined
  /** Ends after so many states, complete or not. @default no limit */
  readonly maxStates?: number | undefined
}

const PROGRESS_EVERY = 20_000

/**
 * Visits every state that can be reached, breadth first, so that the first violation found has the shortest trace. Each state is kept as its code only;
 * the way to it is kept as the number of its parent and of the step taken there.
 */
export function explore<State>(model: Model<State>, options: ExploreOptions = {}): Exploration {
  const { onProgress, maxStates = Number.POSITIVE_INFINITY } = options
  const first = model.encode(model.initial())
  const codes: string[] = [first]
  const parents: number[] = [-1]
  const choices: number[] = [-1]
  const seen = new Set<string>(codes)
  let steps = 0
  let depth = 0
  let levelEnd = 1

  const found = (parent: number, choice: number, error: unknown): Exploration => {
    if (!(error instanceof Violation)) throw error
    const trace: string[] = []
    for (let at = parent, taken = choice; at >= 0; taken = choices[at] ?? 0, at = parents[at] ?? -1) {
      if (taken < 0) break
      trace.unshift(model.steps(model.decode(codes[at] ?? ''))[taken]?.name ?? '?')
    }
    return { states: codes.length, steps, depth, violation: { rule: error.message, trace } }
  }

  for (let at = 0; at < codes.length && codes.length < maxStates; at++) {
    if (at === levelEnd) {
      depth += 1
      levelEnd = codes.length
    }
    if (at % PROGRESS_EVERY === 0) onProgress?.(codes.length, codes.length - at)
    const code = codes[at] ?? ''
    const choicesHere = model.steps(model.decode(code))
    for (const [choice, step] of choicesHere.entries()) {
      steps += 1
      const next = model.decode(code)
      try {
        step.apply(next)
        const reached = model.encode(next)
        if (seen.has(reached)) continue
        model.check(next)
        seen.add(reached)
        codes.push(reached)
        parents.push(at)
        choices.push(choice)
      } catch (error) {
        return found(at, choice, error)
      }
    }
  }
  return { states: codes.length, steps, depth }
}
