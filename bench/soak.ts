import { Run } from './run.ts'
import { soakCache } from './soak-cache.ts'
import { soakChaos } from './soak-chaos.ts'
import { soakDeploy } from './soak-deploy.ts'
import { soakFuzzConfig, soakFuzzMmdb } from './soak-fuzz-files.ts'
import { soakFuzzIpfs } from './soak-fuzz-ipfs.ts'
import { soakFuzzProofs } from './soak-fuzz-proofs.ts'
import { soakFuzzRequests } from './soak-fuzz-requests.ts'
import { soakFuzzResponses } from './soak-fuzz-responses.ts'
import { soakFuzzWire } from './soak-fuzz-wire.ts'
import { soakLies } from './soak-lies.ts'
import { soakLoad } from './soak-load.ts'
import { soakMatrix } from './soak-matrix.ts'
import { soakProofs } from './soak-proofs.ts'
import { soakSlow } from './soak-slow.ts'
import { soakSteady } from './soak-steady.ts'

/**
 * `npm run soak [PART] [SECONDS]`: a part by name, or all of them. Exit code 1 on one failed request. SOAK_SEED=…
 * repeats a run.
 */
const PARTS = {
  load: soakLoad,
  chaos: soakChaos,
  cache: soakCache,
  steady: soakSteady,
  slow: soakSlow,
  lies: soakLies,
  matrix: soakMatrix,
  deploy: soakDeploy,
  proofs: soakProofs,
  'fuzz-requests': soakFuzzRequests,
  'fuzz-responses': soakFuzzResponses,
  'fuzz-wire': soakFuzzWire,
  'fuzz-config': soakFuzzConfig,
  'fuzz-mmdb': soakFuzzMmdb,
  'fuzz-ipfs': soakFuzzIpfs,
  'fuzz-proofs': soakFuzzProofs,
} as const

// As in the tests: types are stripped once, as in the published package, and not by each process that starts.
process.env.NODE_COMPILE_CACHE ??= '.tap/compiled'

const [first, second] = process.argv.slice(2)
const named = first !== undefined && first in PARTS ? (first as keyof typeof PARTS) : null
const seconds = Number(named === null ? first : second) || undefined
const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000)
let good = true
for (const name of named === null ? (Object.keys(PARTS) as (keyof typeof PARTS)[]) : [named]) {
  const run = new Run()
  try {
    console.log(`soak ${name}: SOAK_SEED=${seed}`)
    good = (await PARTS[name](run, { seed, seconds })) && good
  } finally {
    await run.end()
  }
}
console.log(good ? 'soak: not one failed request' : 'soak: FAILED')
process.exitCode = good ? 0 : 1
