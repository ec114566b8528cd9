import { generateKeyPair } from '@libp2p/crypto/keys'
import { createIPNSRecordWithExpiration, marshalIPNSRecord } from 'ipns'
import { base36 } from 'multiformats/bases/base36'

export const CID = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
export const EOL = '2027-01-01T00:00:00.000000000Z'
export const NOW = Date.parse('2026-11-10T12:00:00Z')

export interface Said {
  readonly value?: string
  readonly sequence?: number | bigint
  readonly until?: string
  /** Seconds. */
  readonly ttl?: number
  readonly v1Compatible?: boolean
}

/** Somebody who publishes under an IPNS name, with the implementation of the IPFS project. */
export async function publisher() {
  const key = await generateKeyPair('Ed25519')
  const name = key.publicKey.toCID().toString(base36)
  return {
    key,
    name,
    peerId: key.publicKey.toString(),
    record: async ({
      value = `/ipfs/${CID}`,
      sequence = 1,
      until = EOL,
      ttl = 300,
      v1Compatible = true,
    }: Said = {}) => {
      const options = { v1Compatible: v1Compatible as true, ttlNs: BigInt(ttl) * 1_000_000_000n }
      return Buffer.from(marshalIPNSRecord(await createIPNSRecordWithExpiration(key, value, sequence, until, options)))
    },
  }
}
