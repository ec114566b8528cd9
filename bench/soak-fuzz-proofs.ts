import type { Scope } from '../test/helpers/scope.ts'
import { fuzzProofs } from '../test/proofs/fuzz-proofs.ts'
import type { SoakOptions } from './run.ts'

/** Damaged manifests, Merkle paths, headers and DNS messages for 60 s. True: refused, or as true as before. */
export async function soakFuzzProofs(_scope: Scope, { seed, seconds = 60 }: SoakOptions): Promise<boolean> {
  const { findings, ...rest } = await fuzzProofs({ seed, seconds })
  console.log(JSON.stringify({ ...rest, findings: findings.length }))
  for (const finding of findings) console.log(finding)
  return findings.length === 0 && rest.taken > 0
}
