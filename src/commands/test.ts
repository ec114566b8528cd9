import { parseArgs } from 'node:util'
import type { Locate } from '../config/parsed.ts'
import { indexSites } from '../steering/match.ts'
import { NEUTRAL_WORLD } from '../steering/world.ts'
import { openOffline } from './offline.ts'
import { printableJson } from './printable-json.ts'
import { renderExplanation } from './render-explanation.ts'
import type { Command, Shell } from './shell.ts'
import { runTest, type TestResult } from './test/run-test.ts'

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  json: { type: 'boolean', default: false },
} as const

/** `polycdn test`: runs the `tests` of a configuration. Nobody is asked: it reads files, and decides. */
export const test: Command = async (args, shell) => {
  const { values } = parseArgs({ args, options: OPTIONS })
  if (values.config === undefined) {
    shell.err('polycdn: test needs --config FILE')
    return 2
  }
  const { snapshot, locate, place, close } = await openOffline(values.config, shell, false)
  try {
    if (snapshot.endpoints.some(({ locationAuto }) => locationAuto)) {
      shell.err('polycdn: endpoints with location: auto count as anycast here, because a test looks nothing up')
    }
    const ground = { findSite: indexSites(snapshot.sites), place, world: NEUTRAL_WORLD }
    const results = snapshot.tests.map((one) => runTest(one, ground))
    if (values.json) shell.out(printableJson(describeAll(results, locate)))
    else report(results, locate, shell)
    return results.every(passed) ? 0 : 1
  } finally {
    close()
  }
}

function passed({ failures }: TestResult): boolean {
  return failures.length === 0
}

function report(results: readonly TestResult[], locate: Locate, shell: Shell): void {
  for (const result of results) shell.out(passed(result) ? `ok    ${titleOf(result)}` : describeFailure(result, locate))
  const failed = results.filter((result) => !passed(result)).length
  shell.out(`${results.length - failed} passed, ${failed} failed`)
}

function titleOf({ test: { name, asked } }: TestResult): string {
  return `${name}: ${asked.method} ${asked.host}${asked.path} from ${asked.ip}`
}

/** Each failure where it is expected, and then how the Decision came about. */
function describeFailure(result: TestResult, locate: Locate): string {
  const { failures, test, explanation } = result
  const lines = failures.map(({ key, expected, got }) => {
    const path = `${test.path}.expect.${key}`
    const { file, line, column } = locate(path)
    return `${file}:${line}:${column}: ${path}: expected ${expected}, got ${got}`
  })
  const tree = explanation === null ? ['the request itself is refused'] : renderExplanation(explanation).split('\n')
  return [`FAIL  ${titleOf(result)}`, ...[...lines, ...tree].map((line) => `      ${line}`)].join('\n')
}

function describeAll(results: readonly TestResult[], locate: Locate): object {
  return {
    passed: results.filter(passed).length,
    failed: results.filter((result) => !passed(result)).length,
    tests: results.map((result) => ({
      name: result.test.name,
      ok: passed(result),
      ...locate(result.test.path),
      failures: result.failures.map((failure) => ({
        ...failure,
        ...locate(`${result.test.path}.expect.${failure.key}`),
      })),
      explanation: result.explanation,
    })),
  }
}
