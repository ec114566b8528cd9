import type { ProblemList } from '../problem-list.ts'
import type { Located } from '../tree.ts'
import { checkAcme } from './acme.ts'
import { checkAddresses } from './addresses.ts'
import { checkCdns } from './cdns.ts'
import { checkCompress } from './compress.ts'
import { checkContent } from './content.ts'
import { checkCosts } from './costs.ts'
import { checkDuplicates } from './duplicates.ts'
import { checkListeners } from './listeners.ts'
import { checkManifest } from './manifest.ts'
import { checkNames } from './names.ts'
import { checkPlaces } from './places.ts'
import { checkPolicies } from './policies.ts'
import { checkProofs } from './proofs.ts'
import { checkPurge } from './purge.ts'
import { checkReach } from './reach.ts'
import { checkSigning } from './signing.ts'
import { checkSites } from './sites.ts'
import { checkSteering } from './steering.ts'
import { checkTests } from './tests.ts'
import { checkUse } from './use.ts'

const CHECKS = [
  checkAcme,
  checkAddresses,
  checkCdns,
  checkCompress,
  checkContent,
  checkCosts,
  checkDuplicates,
  checkListeners,
  checkManifest,
  checkNames,
  checkPlaces,
  checkPolicies,
  checkProofs,
  checkPurge,
  checkReach,
  checkSigning,
  checkSites,
  checkTests,
  checkSteering,
  checkUse,
]

/**
 * What the schema cannot see: values that must agree with each other. A check looks at the tree, not at a Config, so
 * that it works on a file whose other parts are wrong; of values of the wrong kind it says nothing, the schema does.
 */
export function checkAll(root: Located, problems: ProblemList): void {
  for (const check of CHECKS) {
    check(root, problems)
  }
}
