import { compileRun } from './path-glob.ts'

/**
 * Compiles a pattern for a header value. The value is taken as a comma-separated list, parameters after `;` aside; one
 * element that fits is enough. `*` is a run of characters without a comma. Letter case does not matter.
 */
export function compileHeaderGlob(input: unknown): RegExp | undefined {
  if (typeof input !== 'string' || input.length > 256 || /[,\p{Cc}]/u.test(input)) return undefined
  const glob = input.trim()
  // In a group: a pattern that begins with a digit would make it \11.
  const start = '(?:^|,)(?=([ \\t]*))(?:\\1)'
  return new RegExp(`${start}${compileRun(glob, '[^,]', { groups: 1 })}[ \\t]*(?:;[^,]*)?(?:,|$)`, 'i')
}
