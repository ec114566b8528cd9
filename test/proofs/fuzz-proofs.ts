import { encode, RECURSION_DESIRED } from 'dns-packet'
import { refusePath } from '../../src/manifest/file-path.ts'
import { PIECE, pieceCount } from '../../src/manifest/manifest.ts'
import { openManifest } from '../../src/manifest/open-manifest.ts'
import { isManifestRefusal } from '../../src/manifest/refusal.ts'
import { signManifest } from '../../src/manifest/sign-manifest.ts'
import { readReply } from '../../src/names/dns-message.ts'
import { provedLeaf } from '../../src/providers/arweave/merkle.ts'
import { parsePathManifest, resolvePath } from '../../src/providers/arweave/path-manifest.ts'
import { provedTransaction } from '../../src/providers/arweave/transaction.ts'
import { ProofError } from '../../src/providers/proof.ts'
import { arweaveManifest, arweaveTransaction } from '../helpers/arweave-transaction.ts'
import { seededRandom } from '../helpers/random.ts'
import { contentOf, KEY, PUBLIC_KEY, sealed } from '../manifest/support/manifests.ts'
import { bytesOf, KIB } from '../providers/arweave/support.ts'

export interface FuzzOptions {
  readonly seed: number
  /** It stops at whichever comes first. */
  readonly seconds: number
  readonly count?: number
}

export interface FuzzResult {
  readonly count: number
  /** What was taken all the same: the damage hit nothing that counts. */
  readonly taken: number
  /** Milliseconds. */
  readonly slowest: number
  /** What must not be, in words, with the seed of the one try. */
  readonly findings: readonly string[]
}

/** Milliseconds for one try. Generous: it bounds a hang, it measures nothing. */
const PATIENCE = 2_000

/** Throws a ProofError, or gives what came of it: `refused`, `taken`, or what is wrong. */
type Target = (damage: Damage) => string

/** Damages manifests, Merkle paths, headers of transactions and DNS messages: refused, or as true as before. */
export async function fuzzProofs({
  seed,
  seconds,
  count: most = Number.POSITIVE_INFINITY,
}: FuzzOptions): Promise<FuzzResult> {
  const targets = [
    envelopeTarget(),
    contentTarget(),
    await merkleTarget(),
    await transactionTarget(),
    await pathManifestTarget(),
    dnsTarget(),
  ]
  const findings: string[] = []
  const end = performance.now() + seconds * 1_000
  let [count, taken, slowest] = [0, 0, 0]
  for (; count < most && performance.now() < end && findings.length < 20; count++) {
    const own = seed + count
    const began = performance.now()
    const verdict = judge(targets[count % targets.length]!, new Damage(seededRandom(own)))
    const took = performance.now() - began
    slowest = Math.max(slowest, took)
    if (verdict === 'taken') taken++
    else if (verdict !== 'refused') findings.push(`seed ${own}, target ${count % targets.length}: ${verdict}`)
    if (took > PATIENCE) findings.push(`seed ${own}, target ${count % targets.length}: it took ${Math.round(took)} ms`)
  }
  return { count, taken, slowest: Math.round(slowest), findings }
}

function judge(target: Target, damage: Damage): string {
  try {
    return target(damage)
  } catch (thrown) {
    return thrown instanceof ProofError ? 'refused' : `thrown ${thrown instanceof Error ? thrown.stack : thrown}`
  }
}

/** A few changes of bytes and of texts. */
class Damage {
  readonly random: () => number

  constructor(random: () => number) {
    this.random = random
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  /** One to four: a bit, a byte, a cut, a copy of a part elsewhere. Or, seldom, none. */
  bytes(bytes: Uint8Array): Buffer {
    let copy = Buffer.from(bytes)
    for (let left = this.below(20) === 0 ? 0 : 1 + this.below(4); left > 0 && copy.length > 0; left--) {
      const [at, from, length] = [this.below(copy.length), this.below(copy.length), this.below(64)]
      const part = copy.subarray(from, from + length)
      const ways = [
        () => copy.fill(copy[at]! ^ (1 << this.below(8)), at, at + 1),
        () => copy.fill(this.pick([0, 0xff, 0xc0, this.below(256)]), at, at + 1),
        () => copy.subarray(0, at),
        () => Buffer.concat([copy.subarray(0, at), part, copy.subarray(at)]),
        () => Buffer.concat([copy.subarray(0, at), part, copy.subarray(at + part.length)]),
      ]
      copy = this.pick(ways)()
    }
    return copy
  }

  /** A value of JSON with one of its parts replaced, dropped or added. */
  json(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || this.below(6) === 0) return this.pick(ODD)
    if (Array.isArray(value)) {
      if (value.length === 0 || this.below(5) === 0) return [...value, this.pick(ODD)]
      const at = this.below(value.length)
      return this.below(4) === 0 ? value.toSpliced(at, 1) : value.with(at, this.json(value[at]))
    }
    const entries = Object.entries(value)
    const at = this.below(entries.length + 1)
    const entry = entries[at]
    if (entry === undefined) return Object.fromEntries([...entries, [this.pick(NAMES), this.pick(ODD)]])
    const [name, inner] = entry
    const changed = this.pick([[], [[name, this.json(inner)]], [[name, this.json(inner)]], [[this.pick(NAMES), inner]]])
    return Object.fromEntries(entries.toSpliced(at, 1, ...(changed as [string, unknown][])))
  }
}

const ODD: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e21, 2 ** 53, 262_144, 262_145, '', 'x', 'A'.repeat(43), '9'.repeat(40), '0', '-1'],
  ...[
    '\u0000',
    '\ud800',
    '__proto__',
    '/../',
    '/a//b',
    '/ü',
    'text/html',
    {},
    [],
    { id: 'x' },
    [{}],
    '2026-13-01T00:00:00Z',
  ],
]
const NAMES = [
  '__proto__',
  'constructor',
  '',
  'size',
  'sha256',
  'pieces',
  'refs',
  'files',
  '/',
  '//',
  '/a/../b',
  'id',
  'path',
  'index',
]

const FILES = {
  '/': Buffer.from('home'),
  '/a b.txt': Buffer.alloc(PIECE + 1, 'a'),
  '/large': Buffer.alloc(3 * PIECE, 'b'),
}

/** Nobody but the owner makes a manifest. */
function envelopeTarget(): Target {
  const bytes = sealed(FILES)
  const [truth, trimmed] = [openManifest(bytes, PUBLIC_KEY), bytes.toString('latin1').trimEnd()]
  if (isManifestRefusal(truth)) throw new Error(truth.message)
  return (damage) => {
    const damaged = damage.bytes(bytes)
    const opened = openManifest(damaged, PUBLIC_KEY)
    if (isManifestRefusal(opened)) return 'refused'
    const same = opened.id === truth.id && damaged.toString('latin1').trimEnd() === trimmed
    return same ? 'taken' : 'a manifest that nobody signed'
  }
}

/** What the owner signed by mistake is refused, or makes sense. */
function contentTarget(): Target {
  const content = contentOf(FILES)
  return (damage) => {
    const odd = damage.json(damage.below(2) === 0 ? content : damage.json(content))
    if (JSON.stringify(odd).includes('\\ud800')) return 'refused'
    const opened = openManifest(signManifest(odd as never, KEY), PUBLIC_KEY)
    if (isManifestRefusal(opened)) return 'refused'
    for (const [path, file] of opened.files) {
      if (refusePath(path) !== null) return `the path ${JSON.stringify(path)}`
      if (!Number.isSafeInteger(file.size) || file.size < 0) return `the size ${file.size}`
      if (file.digests().length !== 32 * Math.max(1, pieceCount(file.size))) return `the digests of ${file.size} bytes`
      if (/[^\x20-\x7e]/.test(file.type + file.sha256)) return `the type ${file.type}`
    }
    return opened.sequence >= 1 && opened.site.length > 0 ? 'taken' : 'a manifest without a sequence'
  }
}

/** Whatever the path, a byte has one place and one chunk. */
async function merkleTarget(): Promise<Target> {
  const trees = [await arweaveTransaction(bytesOf(5)), await arweaveTransaction(bytesOf(1500 * KIB))]
  return (damage) => {
    const { root, data, chunks } = damage.pick(trees)
    const at = damage.pick([0, data.length - 1, damage.below(data.length)])
    const other = damage.pick(chunks).path
    const path = damage.below(3) === 0 ? other : damage.bytes(damage.pick([other, pathOf(chunks, at)]))
    const size = damage.below(4) === 0 ? damage.pick([0, 1, data.length + 1, 2 ** 53 - 1]) : data.length
    const leaf = provedLeaf(root, size, at, path)
    const chunk = chunks.find(({ end }) => at < end)!
    return leaf.start === chunk.start && leaf.end === chunk.end
      ? 'taken'
      : `the place ${leaf.start}-${leaf.end} for ${at}`
  }
}

function pathOf(chunks: readonly { readonly end: number; readonly path: Buffer }[], at: number): Buffer {
  return chunks.find(({ end }) => at < end)!.path
}

async function transactionTarget(): Promise<Target> {
  const { id, header, root, data } = await arweaveTransaction(bytesOf(300 * KIB), { 'Content-Type': 'text/plain' })
  return (damage) => {
    const odd = damage.json(header)
    if (typeof odd !== 'object' || odd === null) return 'refused'
    const { dataRoot, dataSize, tags } = provedTransaction(id, odd as Readonly<Record<string, unknown>>)
    const same = dataRoot.equals(root) && dataSize === data.length && tags.length === 1
    return same && tags[0]!.value === 'text/plain' ? 'taken' : 'a header that nobody signed'
  }
}

/** Proved, and made by whoever: what the paths lead to is always an id. */
async function pathManifestTarget(): Promise<Target> {
  const id = 'A'.repeat(43)
  const { data } = await arweaveManifest({ 'index.html': id, 'a/b.css': id, ü: id }, { index: { path: 'index.html' } })
  const value = JSON.parse(data.toString())
  return (damage) => {
    const bytes = damage.below(2) === 0 ? damage.bytes(data) : Buffer.from(JSON.stringify(damage.json(value)))
    const manifest = parsePathManifest(bytes)
    const found = ['', '/', '/a/b.css', '/%', '/%00', '/a%2fb.css', '/__proto__', '/..'].map((path) =>
      resolvePath(manifest, path),
    )
    const wrong = found.find((found) => found !== null && !/^[A-Za-z0-9_-]{43}$/.test(found))
    return wrong === undefined ? 'taken' : `the transaction ${wrong}`
  }
}

function dnsTarget(): Target {
  const [id, name] = [4711, '_dnslink.www.example.com']
  const question = { type: 'TXT' as const, name }
  const message = encode({
    type: 'response',
    id,
    flags: RECURSION_DESIRED,
    questions: [question],
    answers: [
      { type: 'CNAME', name, ttl: 60, data: 'alias.example.net' },
      { type: 'TXT', name: 'alias.example.net', ttl: 300, data: ['dnslink=/ipfs/', 'bafy'] },
      { type: 'TXT', name: 'alias.example.net', ttl: 300, data: 'x'.repeat(200) },
    ],
    authorities: [
      { type: 'SOA', name: 'example.com', ttl: 60, data: { mname: 'a.example', rname: 'b.example', minimum: 9 } },
    ],
  })
  return (damage) => {
    const reply = readReply(damage.bytes(message), { id, name })
    if (reply === null) return 'refused'
    if (reply.kind !== 'answer') return 'taken'
    const fine =
      reply.texts.every((text) => typeof text === 'string' && text.length <= 4096) && reply.texts.length <= 100
    return fine && reply.ttl >= 0 && reply.ttl <= 2 ** 31
      ? 'taken'
      : `the answer ${JSON.stringify(reply).slice(0, 300)}`
  }
}
