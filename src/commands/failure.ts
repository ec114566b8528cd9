import { formatProblem } from '../config/problem.ts'
import { PolycdnError } from '../errors.ts'
import { ConfigRejected } from '../gateway/config-rejected.ts'
import type { ExitCode, Shell } from './shell.ts'

/** Says on standard error why a command failed, without a stack trace unless it is our own fault. */
export function reportFailure(error: unknown, shell: Shell): ExitCode {
  if (error instanceof ConfigRejected) {
    for (const problem of error.problems) shell.err(formatProblem(problem))
    return 2
  }
  if (error instanceof PolycdnError) {
    shell.err(`polycdn: ${error.code}: ${error.message}`)
    return error.fault === 'config' ? 2 : 1
  }
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    shell.err(`polycdn: ${error.message}`)
    return 2
  }
  shell.err(`polycdn: internal error: ${error instanceof Error ? error.stack : String(error)}`)
  return 1
}
