import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildMmdb } from '../../data/mmdb-build.ts'
import { uint } from '../../data/mmdb-value.ts'
import { PolycdnError } from '../../src/errors.ts'
import { parseAddress } from '../../src/geo/address.ts'
import { type GeoAnswer, openDatabase } from '../../src/geo/database.ts'
import { seededRandom } from '../helpers/random.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'

export interface FuzzOptions {
  readonly seed: number
  /** It stops at whichever comes first. */
  readonly seconds: number
  readonly count?: number
}

export interface FuzzResult {
  readonly count: number
  /** Files that could be opened all the same. */
  readonly opened: number
  /** Milliseconds for a file and its look-ups. */
  readonly slowest: number
  /** What must not be, in words, with the seed of the one file. */
  readonly findings: readonly string[]
}

const KEPT = fileURLToPath(new URL('../fixtures/fuzz/mmdb/', import.meta.url))
/** Milliseconds. Generous: it bounds a hang, it measures nothing. */
const PATIENCE = 3_000
const MARKER = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex')
const LONDON = { latitude: 51.5, longitude: -0.13 }
const ADDRESSES = ['0.0.0.0', '81.2.69.142', '10.1.2.3', '255.255.255.255', '::1', '2001:db8::1', '2002:5102:458e::1']
const PARSED = ADDRESSES.map((text) => parseAddress(text)!)

/** Every type of value, pointers, both sizes of record, both families. */
export function mmdbCorpus(): readonly Buffer[] {
  const nested = {
    location: { ...LONDON, accuracy_radius: uint(16, 10) },
    country: { iso_code: 'GB', geoname_id: uint(32, 2_635_167), names: { en: 'United Kingdom', de: 'Großbritannien' } },
    continent: { code: 'EU' },
    list: ['text', 1.5, { deep: [true, false, 'x'.repeat(300)] }],
  }
  const flat = { ...LONDON, country_code: 'GB', city: 'London' }
  const networks = { '81.2.69.0/24': nested, '10.0.0.0/8': flat, '10.1.0.0/16': nested, '2001:db8::/32': flat }
  const many = Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`81.2.${at}.0/24`, { ...flat, at: `${at}` }]))
  return [
    buildMmdb(networks, { recordSize: 24 }),
    buildMmdb(networks, { recordSize: 28 }),
    buildMmdb(many),
    buildMmdb({ '0.0.0.0/0': LONDON }, { ipVersion: 4 }),
    buildMmdb({ '10.0.0.0/8': { country: { iso_code: 'DE' } } }, { ipVersion: 4 }),
    ...readdirSync(KEPT).map((name) => readFileSync(join(KEPT, name))),
  ].map((bytes) => Buffer.from(bytes))
}

/** Opens damaged databases and looks up in those that open: never a crash, a hang, or a place that is none. */
export async function fuzzMmdb(scope: Scope, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, seconds, count: most = Number.POSITIVE_INFINITY } = options
  const path = join(tempDir(scope, 'mmdb'), 'fuzz.mmdb')
  const corpus = mmdbCorpus()
  const findings: string[] = []
  const end = performance.now() + seconds * 1_000
  let [count, opened, slowest] = [0, 0, 0]
  for (; count < most && performance.now() < end && findings.length < 20; count++) {
    const own = seed + count
    const bytes = count < corpus.length ? corpus[count]! : mutate(corpus, seededRandom(own))
    writeFileSync(path, bytes)
    const began = performance.now()
    const verdict = await judge(path)
    const took = performance.now() - began
    slowest = Math.max(slowest, took)
    if (verdict.opened) opened++
    const late = took > PATIENCE ? [`it took ${Math.round(took)} ms`] : []
    for (const what of [...verdict.findings, ...late]) {
      findings.push(`seed ${own}: ${what}, of ${bytes.toString('base64')}`)
    }
  }
  return { count, opened, slowest: Math.round(slowest), findings }
}

/** Changes where it hurts: in the tree, in the records, in the metadata. */
function mutate(corpus: readonly Buffer[], random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!
  let bytes = Buffer.from(pick(corpus))
  const marker = bytes.lastIndexOf(MARKER)
  const spot = () => {
    const from = pick([0, Math.max(0, marker - 400), marker, marker + MARKER.length])
    return Math.min(bytes.length - 1, from + below(pick([16, 400, bytes.length])))
  }
  for (let left = 1 + below(4); left > 0 && bytes.length > 1; left--) {
    const at = spot()
    // Types and sizes of values (maps, arrays, pointers, extended ones) and the largest numbers.
    const control = pick([
      0x00,
      0x01,
      0x1f,
      0x20,
      0x28,
      0x30,
      0x38,
      0x3f,
      0x5f,
      0x9f,
      0xc1,
      0xdf,
      0xe1,
      0xff,
      below(256),
    ])
    const spread = (value: number, length: number) => void bytes.fill(value, at, Math.min(bytes.length, at + length))
    const ways = [
      () => spread(control, 1),
      () => spread(control, 1 + below(8)),
      () => spread(pick([0x00, 0xff]), below(64)),
      () => void bytes.copy(bytes, at, below(bytes.length)),
      () => {
        bytes = bytes.subarray(0, at + 1)
      },
      () => {
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + below(40)))])
      },
      () => {
        // A pointer to itself or near it: loops.
        const to = Math.max(0, at - below(40)) & 0x7ff
        spread(to & 255, 2)
        spread(0x20 | (to >> 8), 1)
      },
      () => {
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(below(2000), control), bytes.subarray(at)])
      },
    ]
    pick(ways)()
  }
  return bytes
}

async function judge(path: string): Promise<{ readonly opened: boolean; readonly findings: readonly string[] }> {
  try {
    const database = await openDatabase(path)
    return { opened: true, findings: PARSED.flatMap((address) => judgeAnswer(database.place(address))) }
  } catch (thrown) {
    const fine = thrown instanceof PolycdnError && thrown.code === 'geo_unreadable'
    return { opened: false, findings: fine ? [] : [`thrown ${thrown instanceof Error ? thrown.stack : thrown}`] }
  }
}

function judgeAnswer({ location, country, continent, prefix }: GeoAnswer): string[] {
  const found: string[] = []
  const isPlace = location === null || (Math.abs(location.latitude) <= 90 && Math.abs(location.longitude) <= 180)
  if (!isPlace) found.push(`the place ${JSON.stringify(location)}`)
  if (country !== null && !/^[A-Z]{2}$/.test(country)) found.push(`the country ${JSON.stringify(country)}`)
  if (continent !== null && !/^[A-Z]{2}$/.test(continent)) found.push(`the continent ${JSON.stringify(continent)}`)
  if (!(Number.isInteger(prefix) && prefix >= 0 && prefix <= 128)) found.push(`the prefix ${prefix}`)
  return found
}
