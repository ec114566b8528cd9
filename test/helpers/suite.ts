import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const TESTS = fileURLToPath(new URL('../', import.meta.url))
/** Milliseconds, of a suite and of each of its tests. */
const LONGEST = { suite: 300_000, test: 120_000 }

/**
 * Runs test files in this process, one after the other: to start a process and to load the program takes longer than
 * most of them do.
 *
 * @param patterns globs of files below test/, without `.test.ts`
 */
export async function suite(...patterns: readonly string[]): Promise<void> {
  t.setTimeout(LONGEST.suite)
  t.beforeEach((test) => test.setTimeout(LONGEST.test))
  for (const file of filesOf(patterns)) await import(`../${file}`)
}

/** The test files of a suite, in the order in which they run, relative to test/. */
export function filesOf(patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => globSync(`${pattern}.test.ts`, { cwd: TESTS }).toSorted())
}
