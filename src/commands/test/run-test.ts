import { PolycdnError } from '../../errors.ts'
import { parseQuestion } from '../../http/question.ts'
import { type Disappointment, disappointments, type SteeringTest } from '../../steering/expectation.ts'
import { explain, type Ground } from '../../steering/explain.ts'
import { forecast, refusedForecast } from '../../steering/forecast.ts'

export interface TestResult {
  readonly test: SteeringTest
  /** None: it passed. */
  readonly failures: readonly Disappointment[]
  /** What would be decided; null for a request that is refused before. */
  readonly explanation: Readonly<Record<string, unknown>> | null
}

/** Decides what the test asks about, as often as chance has ways, and compares. */
export function runTest(test: SteeringTest, ground: Omit<Ground, 'given'>): TestResult {
  const question = parseQuestion(test.asked)
  if (question instanceof PolycdnError) {
    return { test, failures: disappointments(test.expect, refusedForecast(question.status)), explanation: null }
  }
  const supposed = { ...ground, given: test.given }
  const failures = disappointments(test.expect, forecast(question, supposed))
  return { test, failures, explanation: explain(question, supposed) }
}
