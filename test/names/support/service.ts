import { NameService } from '../../../src/names/name-service.ts'
import { ProofError } from '../../../src/providers/proof.ts'
import { NOW } from '../../providers/ipfs/support.ts'

/** A service whose zone is a table: `dnslink=` records of names, or null where the name server fails. */
export function setUp(zone: Record<string, readonly string[] | null> = {}) {
  const clock = { now: NOW }
  const asked: string[] = []
  const stale: string[] = []
  const lookUps: string[] = []
  const names = new NameService({
    now: () => clock.now,
    async txt(name) {
      asked.push(name)
      const texts = zone[name] ?? (zone[name] === null ? null : [])
      if (texts === null) throw new ProofError('unproved', 'no name server answers')
      return { texts, ttl: 60 }
    },
    onStale: (name) => stale.push(name),
    onLookUp: (kind, result) => lookUps.push(`${kind} ${result}`),
  })
  return { names, clock, asked, stale, lookUps, zone }
}

export const refusal = (fault: string, message = /./) => ({ name: 'ProofError', fault, message })
