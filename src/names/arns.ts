import { type ArnsAnswer, askArns, majority } from '../providers/index.ts'
import { type AskedEndpoint, ProofError } from '../providers/proof.ts'

/** A gateway alone could say anything. */
const QUORUM = 2
/** Who comes after so many is not asked. */
const MAX_ASKED = 9
const NO_SUCH_NAME = ''
/** Seconds. */
const ABSENT_TTL = 60

/**
 * What more than half of the gateways say, and two at least; null where they say that there is no such name. It resolves as
 * soon as that is certain. Rejects with a ProofError where they do not agree.
 */
export function agreeOnArns(name: string, upstreams: readonly AskedEndpoint[]): Promise<ArnsAnswer | null> {
  const asked = upstreams.slice(0, MAX_ASKED)
  if (asked.length < QUORUM) throw new ProofError('unproved', 'a name of ArNS needs two gateways that agree')
  const ids: (string | null)[] = asked.map(() => null)
  const ttls = asked.map(() => ABSENT_TTL)
  let waiting = asked.length
  return new Promise((resolve, reject) => {
    const vote = async (upstream: AskedEndpoint, index: number) => {
      // Who fails agrees with nobody.
      const answer = await askArns(upstream, name).catch(() => undefined)
      if (answer !== undefined) ids[index] = answer?.id ?? NO_SUCH_NAME
      ttls[index] = answer?.ttl ?? ABSENT_TTL
      waiting--
      const id = majority(ids, QUORUM)
      if (id === NO_SUCH_NAME) resolve(null)
      else if (id !== null) resolve({ id, ttl: Math.min(...ttls.filter((_, at) => ids[at] === id)) })
      else if (waiting === 0)
        reject(new ProofError('unproved', 'the gateways do not agree on what the name stands for'))
    }
    asked.forEach((upstream, index) => void vote(upstream, index))
  })
}
