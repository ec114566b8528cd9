import { type Answer, decode, encode, RECURSION_DESIRED } from 'dns-packet'

/** The strings of all TXT records of a name, and how long that is so. */
export interface TxtAnswer {
  /** Empty: there is no such record, or no such name. */
  readonly texts: readonly string[]
  /** Seconds. */
  readonly ttl: number
}

export type DnsReply =
  | ({ readonly kind: 'answer' } & TxtAnswer)
  /** There is more than fits: to be asked for by TCP. */
  | { readonly kind: 'truncated' }
  /** The server cannot or will not say. */
  | { readonly kind: 'refused'; readonly rcode: number }

export interface TxtQuestion {
  /** 16 bits that nobody can guess. */
  readonly id: number
  /** Without a dot at its end. */
  readonly name: string
}

const NXDOMAIN = 3
const MAX_HOPS = 16
const MAX_TEXTS = 100
/** Characters of all strings of one record. */
const MAX_TEXT = 4096
/** Seconds that the absence of a name is good for where no SOA record says it (RFC 2308 section 5). */
const NEGATIVE_TTL = 60

export function encodeQuestion({ id, name }: TxtQuestion): Buffer {
  return encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type: 'TXT', name }] })
}

/** Null: these bytes do not answer this question, whoever sent them (RFC 5452 section 9.1). */
export function readReply(bytes: Buffer, { id, name }: TxtQuestion): DnsReply | null {
  const packet = decoded(bytes)
  if (packet === null || packet.id !== id || !packet.flag_qr) return null
  const flags = packet.flags ?? 0
  const [question, ...more] = packet.questions ?? []
  if (question === undefined || more.length > 0 || ((flags >> 11) & 0xf) !== 0) return null
  if (!isSame(question.name, name) || question.type !== 'TXT' || question.class !== 'IN') return null
  if (packet.flag_tc) return { kind: 'truncated' }
  const rcode = flags & 0xf
  if (rcode !== 0 && rcode !== NXDOMAIN) return { kind: 'refused', rcode }
  const found = textsOf(name, packet.answers ?? [])
  if (found.texts.length > 0) return { kind: 'answer', ...found }
  return { kind: 'answer', texts: [], ttl: negativeTtl(packet.authorities ?? []) }
}

function decoded(bytes: Buffer) {
  try {
    return decode(bytes)
  } catch {
    return null
  }
}

/** Follows the aliases that the answer holds. It is good for as long as all of it is. */
function textsOf(name: string, answers: readonly Answer[]): TxtAnswer {
  let owner = name
  let ttl = Number.POSITIVE_INFINITY
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const alias = answers.find((answer) => answer.type === 'CNAME' && isSame(answer.name, owner))
    if (alias?.type !== 'CNAME') break
    ttl = Math.min(ttl, ttlOf(alias))
    owner = alias.data
  }
  const texts: string[] = []
  for (const answer of answers) {
    if (answer.type !== 'TXT' || answer.class !== 'IN' || !isSame(answer.name, owner)) continue
    if (texts.length === MAX_TEXTS) break
    ttl = Math.min(ttl, ttlOf(answer))
    const text = [answer.data].flat().join('')
    if (text.length <= MAX_TEXT) texts.push(text)
  }
  return { texts, ttl }
}

function negativeTtl(authorities: readonly Answer[]): number {
  const soa = authorities.find(({ type }) => type === 'SOA')
  if (soa?.type !== 'SOA') return NEGATIVE_TTL
  return Math.min(ttlOf(soa), ttlOf({ ttl: soa.data.minimum }))
}

/** What has its highest bit set is 0 (RFC 2181 section 8). */
function ttlOf({ ttl = 0 }: { readonly ttl?: number | undefined }): number {
  return ttl > 0x7fffffff ? 0 : ttl
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
