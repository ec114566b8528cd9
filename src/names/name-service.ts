import type { Names } from '../proofs/names.ts'
import {
  type ContentPath,
  type IpnsName,
  isArnsName,
  loadIpfsReader,
  parseContentPath,
  parseIpnsName,
} from '../providers/index.ts'
import { type AskedEndpoint, ProofError, type ProofFault } from '../providers/proof.ts'
import { agreeOnArns } from './arns.ts'
import type { TxtAnswer } from './dns-message.ts'
import { lookUpDnslink } from './dnslink.ts'
import { type KnownRecord, NewestRecords } from './newest-records.ts'
import { type Found, RememberedNames } from './remembered-names.ts'

export interface NameServiceOptions {
  /** Milliseconds since 1970. */
  now(): number
  /** The TXT records of a name; rejects with a ProofError where nobody answers. */
  txt(name: string): Promise<TxtAnswer>
  /** What was known of a name is served, because a look-up failed. */
  onStale(name: string, error: unknown): void
  /** A name was looked up. */
  onLookUp(kind: NameKind, result: LookUpResult): void
}

export type NameKind = 'dnslink' | 'ipns' | 'arns'
/** `failed`: nobody answered, so nothing is known. */
export type LookUpResult = 'found' | 'absent' | 'failed' | ProofFault

const MAX_STEPS = 8
/** How long a name is remembered, whatever it says. Milliseconds. */
const FRESH = { least: 10_000, most: 3_600_000, absent: 300_000 } as const
/** How long what is not signed stands in for look-ups that fail, after its time. Milliseconds. */
const KEPT = 3_600_000

/** Looks names up that may change. */
export class NameService implements Names {
  readonly #options: NameServiceOptions
  readonly #paths: RememberedNames<ContentPath>
  readonly #transactions: RememberedNames<string>
  /** What must not be turned back. */
  readonly newest = new NewestRecords()

  constructor(options: NameServiceOptions) {
    this.#options = options
    this.#paths = new RememberedNames(options)
    this.#transactions = new RememberedNames(options)
  }

  async ipfs({ name }: { readonly name: string }, upstream: AskedEndpoint): Promise<string> {
    let at = parseContentPath(`/ipns/${name}`)
    let below = ''
    const seen = new Set<string>()
    for (let step = 0; step <= MAX_STEPS; step++) {
      if (at === null) throw new ProofError('not-found', 'the name leads nowhere')
      below = at.path + below
      if (at.space === 'ipfs') return `/ipfs/${at.cid}${below}`
      if (seen.has(at.name)) throw new ProofError('unproved', 'the name leads to itself')
      seen.add(at.name)
      if (step < MAX_STEPS) at = await this.#next(at, upstream)
    }
    throw new ProofError('unproved', `the name leads through more than ${MAX_STEPS} others`)
  }

  async arns(name: string, upstreams: readonly AskedEndpoint[]): Promise<string> {
    if (!isArnsName(name)) throw new ProofError('unproved', 'this is no name of ArNS')
    // What other gateways agree on is not what these do.
    const key = [name, ...upstreams.map((upstream) => upstream.key).sort()].join(' ')
    const find = this.#told('arns', async () => {
      const agreed = await agreeOnArns(name, upstreams)
      return agreed === null ? this.#absent(60) : this.#unsigned(agreed.id, agreed.ttl)
    })
    const id = await this.#transactions.get(key, { via: '', find })
    if (id === null) throw new ProofError('not-found', 'most gateways say that there is no such name')
    return id
  }

  /** Takes over a record that an earlier process or another one has seen. */
  recollect(name: string, known: KnownRecord): void {
    this.newest.admit(name, known)
    this.#paths.recollect(name, known.record.value, known.record.validUntil)
  }

  #next({ kind, name }: ContentPath & { space: 'ipns' }, upstream: AskedEndpoint): Promise<ContentPath | null> {
    if (kind === 'dnslink')
      return this.#paths.get(name, { via: '', find: this.#told('dnslink', () => this.#findDnslink(name)) })
    const find = this.#told('ipns', () => this.#findIpns(parseIpnsName(name)!, upstream))
    return this.#paths.get(name, { via: upstream.key, find })
  }

  /** The same, and its result is told. */
  #told<T>(kind: NameKind, find: () => Promise<Found<T>>): () => Promise<Found<T>> {
    const { onLookUp } = this.#options
    return async () => {
      try {
        const found = await find()
        onLookUp(kind, found.value === null ? 'absent' : 'found')
        return found
      } catch (error) {
        onLookUp(kind, error instanceof ProofError ? error.fault : 'failed')
        throw error
      }
    }
  }

  async #findDnslink(name: string): Promise<Found<ContentPath>> {
    const { link, ttl } = await lookUpDnslink(name, this.#options.txt)
    return link === null ? this.#absent(ttl) : this.#unsigned(link, ttl)
  }

  async #findIpns(name: IpnsName, upstream: AskedEndpoint): Promise<Found<ContentPath>> {
    const { askIpnsRecord, verifyIpnsRecord } = await loadIpfsReader()
    const bytes = await askIpnsRecord(upstream, name)
    const now = this.#options.now()
    const record = verifyIpnsRecord(name, bytes, now)
    this.newest.admit(name.text, { record, bytes })
    const freshFor = Math.min(within(record.ttl), record.validUntil - now)
    return { value: record.value, freshFor, keptUntil: record.validUntil }
  }

  /** @param ttl seconds */
  #unsigned<T>(value: T, ttl: number): Found<T> {
    const freshFor = within(ttl * 1000)
    return { value, freshFor, keptUntil: this.#options.now() + freshFor + KEPT }
  }

  /** @param ttl seconds */
  #absent(ttl: number): Found<never> {
    return { value: null, freshFor: Math.min(within(ttl * 1000), FRESH.absent), keptUntil: 0 }
  }
}

function within(ms: number): number {
  return Math.min(Math.max(ms, FRESH.least), FRESH.most)
}
