import type { Books } from './account.ts'
import type { Kept } from './ledger.ts'

/** Series as base64 of little-endian doubles: a month of one Cdn is some 100 KB, whatever its numbers are. */
interface KeptText {
  readonly cdn: string
  readonly start: number
  readonly end: number
  readonly bytes: number
  readonly estimated: number
  readonly requests: number
  readonly overflow: number
  readonly overflow_cost: number
  readonly by_continent: Readonly<Record<string, number>>
  readonly samples: string
  readonly offered: string | null
  readonly before: string
}

/** A month of 31 days whose clocks are set back by an hour, twice. */
const MOST_SAMPLES = 8952
const LONGEST_NAME = 64
const CONTINENTS: ReadonlySet<string> = new Set(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA', 'default'])

/** As plain JSON. */
export function toText({ cdn, books, before }: Kept): KeptText {
  const { month, byContinent, samples, offered, overflowCost, ...counts } = books
  return {
    cdn,
    ...month,
    bytes: counts.bytes,
    estimated: counts.estimated,
    requests: counts.requests,
    overflow: counts.overflow,
    overflow_cost: overflowCost,
    by_continent: byContinent,
    samples: encode(samples),
    offered: offered === null ? null : encode(offered),
    before: encode(before),
  }
}

/** What was kept of one Cdn; null where it cannot have been. */
export function fromText(input: unknown): Kept | null {
  if (typeof input !== 'object' || input === null) return null
  const { cdn, start, end, by_continent: byContinent, overflow_cost: overflowCost, ...text } = input as KeptText
  const { bytes, estimated, requests, overflow } = text
  const counts = { bytes, estimated, requests, overflow, overflowCost }
  if (typeof cdn !== 'string' || cdn.length > LONGEST_NAME) return null
  if (![start, end, ...Object.values(counts)].every(isCount) || end <= start) return null
  const length = Math.round((end - start) / 300_000)
  if (length > MOST_SAMPLES || !isBytesByContinent(byContinent)) return null
  const samples = decode(text.samples)
  const before = decode(text.before)
  const offered = text.offered === null ? null : decode(text.offered)
  if (samples?.length !== length || before === null || before.length > MOST_SAMPLES) return null
  if (text.offered !== null && offered?.length !== length) return null
  const books: Books = { month: { start, end }, ...counts, byContinent: { ...byContinent }, samples, offered }
  return { cdn, books, before }
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isBytesByContinent(value: unknown): value is Record<string, number> {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).every(([continent, bytes]) => CONTINENTS.has(continent) && isCount(bytes))
}

function encode(values: Float64Array): string {
  const kept = lastUsed(values)
  return `${Buffer.from(values.buffer, values.byteOffset, kept * 8).toString('base64')}:${values.length}`
}

/** What comes after it is 0 still. */
function lastUsed(values: Float64Array): number {
  let length = values.length
  while (length > 0 && values[length - 1] === 0) length--
  return length
}

/** null: it is not a series of numbers that bytes can have. */
function decode(input: unknown): Float64Array | null {
  const [text, count] = typeof input === 'string' ? input.split(':') : []
  const length = Number(count)
  if (text === undefined || !(length >= 0 && length <= MOST_SAMPLES)) return null
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % 8 !== 0 || bytes.length > length * 8) return null
  const values = new Float64Array(length)
  new Uint8Array(values.buffer).set(bytes)
  return values.every(isCount) ? values : null
}
