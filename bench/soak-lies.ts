import type { Scope } from '../test/helpers/scope.ts'
import { arweaveLiars } from '../test/scenarios/arweave-ground.ts'
import { ipfsLiars } from '../test/scenarios/ipfs-ground.ts'
import { lieMatrix, type MatrixReport } from '../test/scenarios/lie-matrix.ts'
import { manifestLiars } from '../test/scenarios/manifest-ground.ts'

/** Every lie about every object of every kind of proof: the first lies, and both do. True: no byte of a lie came. */
export async function soakLies(scope: Scope): Promise<boolean> {
  let good = true
  const note = (network: string, liars: number, { wrong, ...rest }: MatrixReport) => {
    console.log(JSON.stringify({ network, liars, ...rest, wrong: wrong.length }))
    for (const line of wrong) console.log(line)
    good = good && wrong.length === 0
  }
  for (const liars of [1, 2]) {
    note('manifest', liars, await lieMatrix(await manifestLiars(scope), { liars, every: 1 }))
    note('ipfs', liars, await lieMatrix(await ipfsLiars(scope), { liars, every: 1 }))
    note('arweave', liars, await lieMatrix(await arweaveLiars(scope), { liars, every: 1 }))
  }
  return good
}
