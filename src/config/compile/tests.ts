import type { SteeringTest } from '../../steering/expectation.ts'
import { type Given, SUPPOSITIONS } from '../../steering/given.ts'
import type { Config } from '../schema/index.ts'

type TestConfig = Config['tests'][number]

export function compileTests(configs: readonly TestConfig[]): readonly SteeringTest[] {
  return configs.map((config, index) => {
    const path = `tests[${index}]`
    const headers = Object.entries(config.headers).map(([name, value]) => `${name}: ${value}`)
    const asked = { ip: config.client_ip.text, host: config.host, path: config.path, method: config.method, headers }
    return { name: config.name ?? path, path, asked, given: compileGiven(config.given), expect: compileExpect(config) }
  })
}

function compileGiven(given: TestConfig['given']): Given {
  return new Map(SUPPOSITIONS.flatMap((state) => given[state].map((name) => [name, state] as const)))
}

function compileExpect({ expect }: TestConfig): SteeringTest['expect'] {
  return {
    cdn: expect.cdn ?? null,
    not: expect.not ?? [],
    candidates: expect.candidates ?? [],
    reason: expect.reason ?? null,
    rejected: { ...expect.rejected },
    site: expect.site ?? null,
    route: expect.route ?? null,
    policy: expect.policy ?? null,
    status: expect.status ?? null,
    within: expect.within ?? null,
  }
}
