import type { Problem } from '../config/problem.ts'
import { PolycdnError } from '../errors.ts'

/** The configuration cannot be used; every problem of it. */
export class ConfigRejected extends PolycdnError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super('config_invalid', `the configuration has ${problems.length} problem(s)`)
    this.problems = problems
  }
}
