import { createHash } from 'node:crypto'
import { blake3 } from '@noble/hashes/blake3.js'
import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { BLAKE3, SHA2_256, SHA2_512 } from './cid.ts'

/** A rule of the list; of those that match the last one counts. */
export interface DenyRule {
  readonly deny: boolean
  /** Decoded names with slashes between. */
  readonly path: string
  /** Whether all paths match that begin so. */
  readonly prefix: boolean
  readonly order: number
}

/** What is looked up: a CID or an IPNS name, and what follows it in a path. */
export interface DenySubject {
  readonly space: 'ipfs' | 'ipns'
  readonly id: string
  /** As in a URL. */
  readonly path: string
}

/** Content that is not to be served (https://specs.ipfs.tech/compact-denylist-format/). */
export class Denylist {
  readonly #rules: ReadonlyMap<string, readonly DenyRule[]>
  readonly #hashed: ReadonlyMap<string, DenyRule>
  readonly #functions: ReadonlySet<number>

  /** Rules by {@link ruleKey}, and rules whose subject is only known by its hash, by {@link hashedKey}. */
  constructor(rules: ReadonlyMap<string, readonly DenyRule[]>, hashed: ReadonlyMap<string, DenyRule>) {
    this.#rules = rules
    this.#hashed = hashed
    this.#functions = new Set([...hashed.keys()].map((key) => key.charCodeAt(0)))
  }

  blocks({ space, id, path }: DenySubject): boolean {
    const subject = subjectOf(id)
    const names = normalPath(path)
    const matching = (this.#rules.get(ruleKey(space, id)) ?? []).filter((rule) => matches(rule, names))
    for (const code of this.#functions) {
      for (const text of preimages(subject, id, names)) {
        const rule = this.#hashed.get(hashedKey(code, digest(code, text)))
        if (rule !== undefined) matching.push(rule)
      }
    }
    return matching.reduce((last, rule) => (rule.order >= last.order ? rule : last), NO_RULE).deny
  }
}

const NO_RULE: DenyRule = { deny: false, path: '', prefix: false, order: -1 }

/** The same for every spelling of a CID: its hash counts. Domain names are compared in lower case. */
export function ruleKey(space: string, id: string): string {
  return `/${space}/${subjectOf(id)?.multihash ?? id.toLowerCase()}`
}

export function hashedKey(code: number, bytes: Uint8Array): string {
  return String.fromCharCode(code) + Buffer.from(bytes).toString('latin1')
}

/** Names of a path, percent-decoded where they can be, with slashes between. */
export function normalPath(path: string): string {
  return path
    .split('/')
    .filter(Boolean)
    .map((part) => {
      try {
        return decodeURIComponent(part)
      } catch {
        return part
      }
    })
    .join('/')
}

/** A rule for a CID or name alone holds for what is below it too: nothing is resolved through what is blocked. */
function matches({ path, prefix }: DenyRule, names: string): boolean {
  return path === names || (prefix && names.startsWith(path)) || (path === '' && !prefix)
}

function* preimages(subject: Subject | null, id: string, names: string): Generator<string> {
  const below = names === '' ? [''] : ['', names]
  for (const path of below) {
    const slashed = path === '' ? '' : `/${path}`
    if (subject === null) yield* [`/ipns/${id}${slashed}`, `${id}/${path}`]
    else yield* [`${subject.multihash}${slashed}`, `${subject.cid}/${path}`]
  }
}

interface Subject {
  /** base58btc */
  readonly multihash: string
  /** Version 1 in base32. */
  readonly cid: string
}

function subjectOf(id: string): Subject | null {
  try {
    const bare = id.startsWith('1') || id.startsWith('Qm')
    const cid = bare ? CID.decode(legacy(id)) : CID.parse(id, base36.decoder.or(base32.decoder).or(base58btc.decoder))
    return { multihash: base58btc.encode(cid.multihash.bytes).slice(1), cid: cid.toV1().toString() }
  } catch {
    return null
  }
}

/** A multihash alone: of a block, or of a key (identity). */
function legacy(id: string): Uint8Array {
  const multihash = base58btc.decode(`z${id}`)
  return id.startsWith('Qm') ? multihash : Uint8Array.from([1, 0x72, ...multihash])
}

function digest(code: number, text: string): Uint8Array {
  if (code === BLAKE3) return blake3(Buffer.from(text))
  return createHash(code === SHA2_512 ? 'sha512' : 'sha256')
    .update(text)
    .digest()
}

/** Hash functions of double-hashed rules. */
export const DENY_HASHES: readonly number[] = [SHA2_256, SHA2_512, BLAKE3]
