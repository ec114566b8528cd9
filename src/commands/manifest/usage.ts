import type { Shell } from '../shell.ts'

/** Says what is wrong with the command line. */
export function usage(message: string, shell: Shell): 2 {
  shell.err(`polycdn: ${message}`)
  return 2
}
