import { fuzzConfig } from '../test/config/fuzz-config.ts'
import { fuzzMmdb } from '../test/geo/fuzz-mmdb.ts'
import type { Scope } from '../test/helpers/scope.ts'
import type { SoakOptions } from './run.ts'

/** Damaged configurations for 60 s. True: each was built, or refused with problems that have places. */
export async function soakFuzzConfig(_scope: Scope, { seed, seconds = 60 }: SoakOptions): Promise<boolean> {
  const { good, ...rest } = fuzzConfig({ seed, seconds })
  return report({ ...rest, accepted: good })
}

/** Damaged geo databases for 60 s. True: each was refused, or answered with places. */
export async function soakFuzzMmdb(scope: Scope, { seed, seconds = 60 }: SoakOptions): Promise<boolean> {
  const { opened, ...rest } = await fuzzMmdb(scope, { seed, seconds })
  return report({ ...rest, accepted: opened })
}

interface Outcome {
  readonly count: number
  readonly accepted: number
  readonly slowest: number
  readonly findings: readonly string[]
}

function report({ findings, ...rest }: Outcome): boolean {
  console.log(JSON.stringify({ ...rest, findings: findings.length }))
  for (const finding of findings) console.log(finding)
  return findings.length === 0 && rest.accepted > 0
}
