/**
 * Hit ratios of the cache's memory on a seeded Zipf trace, beside plain LRU:
 *
 *   node bench/cache-zipf.ts [--seed 1] [--requests 1000000] [--objects 100000] [--alpha 0.9]
 */
import { parseArgs } from 'node:util'
import { ByteStore } from '../src/cache/store.ts'
import { makeTrace, type Trace } from './cache/zipf.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    requests: { type: 'string', default: '1000000' },
    objects: { type: 'string', default: '100000' },
    alpha: { type: 'string', default: '0.9' },
  },
})
const trace = makeTrace({
  seed: Number(values.seed),
  requests: Number(values.requests),
  objects: Number(values.objects),
  alpha: Number(values.alpha),
})

/** What a request may be answered from; `disk` is as the disk tier is: least recently used, without admission. */
interface Setting {
  readonly name: string
  readonly memory: ByteStore<true> | null
  readonly disk: ByteStore<true> | null
}

function play({ requests, bytes }: Trace, { memory, disk }: Setting) {
  let [hits, hitBytes, allBytes] = [0, 0, 0]
  const began = performance.now()
  for (const object of requests) {
    const key = `site\nhttps://www.example.com/assets/${object}`
    const size = bytes[object]!
    allBytes += size
    const isInMemory = memory?.get(key) ?? false
    const isOnDisk = !isInMemory && (disk?.get(key) ?? false)
    if (!isInMemory) memory?.set(key, true, size)
    if (isInMemory || isOnDisk) {
      hits++
      hitBytes += size
    } else disk?.set(key, true, size)
  }
  const microseconds = ((performance.now() - began) * 1000) / requests.length
  return { hit: hits / requests.length, byteHit: hitBytes / allBytes, microseconds }
}

const DISK_TO_MEMORY = 5
const lru = (maxBytes: number) => new ByteStore<true>({ maxBytes, admission: 'all' })
const kept = (maxBytes: number) => new ByteStore<true>({ maxBytes })
const settings = (bytes: number): Setting[] => [
  { name: 'memory, plain LRU', memory: lru(bytes), disk: null },
  { name: 'memory', memory: kept(bytes), disk: null },
  { name: `disk, ${DISK_TO_MEMORY} times as large`, memory: null, disk: lru(bytes * DISK_TO_MEMORY) },
  { name: 'both', memory: kept(bytes), disk: lru(bytes * DISK_TO_MEMORY) },
]

const percent = (part: number) => `${(100 * part).toFixed(2)} %`
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
const { totalBytes } = trace
console.log(
  `${values.requests} requests, ${values.objects} objects, ${mib(totalBytes)}, alpha ${values.alpha}, seed ${values.seed}`,
)
console.log('| memory | answered from | hit ratio | byte hit ratio | µs a request |')
console.log('|---|---|---|---|---|')
for (const part of [0.01, 0.05, 0.1, 0.15]) {
  const maxBytes = Math.floor(totalBytes * part)
  for (const setting of settings(maxBytes)) {
    const { hit, byteHit, microseconds } = play(trace, setting)
    const cells = [`${mib(maxBytes)} (${100 * part} %)`, setting.name, percent(hit), percent(byteHit)]
    console.log(`| ${[...cells, microseconds.toFixed(2)].join(' | ')} |`)
  }
}
