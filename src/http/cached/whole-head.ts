import { STATUS_CODES } from 'node:http'
import type { EntryHead } from '../../cache/entry.ts'
import { ageField } from '../../cache/rules/age.ts'
import { cacheStatus } from '../../cache/rules/cache-status.ts'
import { encodedFields, variedFields } from '../../compression/encoded-fields.ts'
import type { Encoding } from '../../compression/encoding.ts'
import { mayCompress } from '../../compression/may-compress.ts'
import { type Chooser, wantedEncoding } from '../../compression/variant.ts'
import type { Policy } from '../../config/snapshot.ts'
import { isField } from '../../delivery/field-grammar.ts'
import type { Exchange } from '../exchange.ts'
import { PROXY_NAME } from '../headers.ts'
import { baseHeaders, type ToldHead } from './served-head.ts'

/** Age, its value, Cache-Status, its value. */
const CHANGING = 4

/** By the head of an entry: it is prepared once, and again where another configuration serves it. */
const PREPARED = new WeakMap<EntryHead, WholeHead>()

/** What is prepared of a stored head under the Policy of this request. */
export function wholeHead(exchange: Pick<Exchange, 'admitted' | 'proofs'>, head: EntryHead): WholeHead {
  const { policy } = exchange.admitted.route
  const known = PREPARED.get(head)
  if (known !== undefined && known.policy === policy) return known
  const made = new WholeHead(policy, head.status, baseHeaders(exchange, head))
  PREPARED.set(head, made)
  return made
}

/** How old an answer is now and how long it stays fresh; milliseconds. */
export interface Moment {
  readonly age: number
  readonly ttl: number
}

interface KeptText {
  /** Bytes of the content. */
  readonly length: number
  /** As it is at this age, with so much left, in seconds; null: there is none. The first characters of it do not change. */
  text: string | null
  readonly fixed: number
  age: number
  ttl: number
}

/**
 * The header fields of a whole stored answer in all its variants. Each is a flat list that is to be written at once,
 * because the next answer uses the same one.
 */
export class WholeHead {
  readonly policy: Policy
  readonly #base: readonly string[]
  readonly #mayCompress: boolean
  readonly #plain: string[]
  readonly #encoded = new Map<Encoding, string[]>()
  readonly #status: number
  readonly #texts = new Map<Encoding | null, KeptText>()

  constructor(policy: Policy, status: number, base: readonly string[]) {
    const { compress } = policy
    this.policy = policy
    this.#status = status
    this.#base = base
    this.#mayCompress = compress !== null && mayCompress({ status, fields: base }, compress)
    this.#plain = withPlaces(this.#mayCompress ? variedFields(base) : base)
  }

  /** The coding that this client is to get; null: none. */
  encodingFor(asked: Chooser): Encoding | null {
    return this.#mayCompress ? wantedEncoding(asked, this.policy.compress!) : null
  }

  /**
   * The head of HTTP/1.1 as text, without what concerns the connection and without the empty line; null: Node would add to
   * it, or refuse to write it. It is written anew once a second at most.
   *
   * @param length bytes of the encoded content
   */
  text(encoding: Encoding | null, length: number, now: Moment): string | null {
    let kept = this.#texts.get(encoding)
    if (kept?.length !== length) {
      const fields = encoding === null ? this.#plain.slice(0, -CHANGING) : withLength(this.#base, encoding, length)
      const text = headText(this.#status, fields)
      kept = { length, text, fixed: text?.length ?? 0, age: Number.NaN, ttl: Number.NaN }
      this.#texts.set(encoding, kept)
    }
    tell(kept, now)
    return kept.text
  }

  /** For what chooses the variant itself. */
  unchosen(told: ToldHead): string[] {
    return filled(withPlaces(this.#base), told)
  }

  /** Of the variant without a coding of ours. */
  plain(told: ToldHead): string[] {
    return filled(this.#plain, told)
  }

  /** @param length bytes of the encoded content; null: it is being made */
  encoded(encoding: Encoding, length: number | null, told: ToldHead): string[] {
    let fields = this.#encoded.get(encoding)
    if (fields === undefined) {
      fields = withPlaces(withLength(this.#base, encoding, 0))
      this.#encoded.set(encoding, fields)
    }
    if (length !== null) {
      fields[fields.length - CHANGING - 1] = String(length)
      return filled(fields, told)
    }
    return filled(fields.toSpliced(-CHANGING - 2, 2), told)
  }
}

function withLength(base: readonly string[], encoding: Encoding, length: number): string[] {
  return [...encodedFields(base, encoding), 'content-length', String(length)]
}

/** Joined and not added up: what is added up is put together again each time that it is written. */
function headText(status: number, fields: readonly string[]): string | null {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`]
  const names = new Set<string>()
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i]!, fields[i + 1]!]
    if (!isField(name, value)) return null
    lines.push(`${name}: ${value}\r\n`)
    names.add(name.toLowerCase())
  }
  const isFramed = names.has('content-length') || status === 204
  const isWhole = isFramed && names.has('date') && !names.has('connection') && !names.has('transfer-encoding')
  return isWhole ? lines.join('') : null
}

function tell(kept: KeptText, now: Moment): void {
  const [age, ttl] = [Math.floor(now.age / 1000), Math.floor(now.ttl / 1000)]
  if (kept.text === null || (kept.age === age && kept.ttl === ttl)) return
  const status = cacheStatus(PROXY_NAME, { hit: true, ttl: now.ttl })
  const changing = ['age: ', ageField(now.age), '\r\ncache-status: ', status, '\r\n']
  kept.text = [kept.text.slice(0, kept.fixed), ...changing].join('')
  kept.age = age
  kept.ttl = ttl
}

function withPlaces(fields: readonly string[]): string[] {
  return [...fields, 'age', '', 'cache-status', '']
}

function filled(fields: string[], { age, cacheStatus }: ToldHead): string[] {
  if (age === null) return [...fields.slice(0, -CHANGING), 'cache-status', cacheStatus]
  fields[fields.length - 3] = age
  fields[fields.length - 1] = cacheStatus
  return fields
}
