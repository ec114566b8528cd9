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

function play({ requests, bytes }: Trace, admission: 'frequency' | 'all', maxBytes: number) {
  const store = new ByteStore<number>({ maxBytes, admission })
  let [hits, hitBytes, allBytes] = [0, 0, 0]
  const began = performance.now()
  for (const object of requests) {
    const key = `site\nhttps://www.example.com/assets/${object}`
    const size = bytes[object]!
    allBytes += size
    if (store.get(key) !== undefined) {
      hits++
      hitBytes += size
    } else store.set(key, object, size)
  }
  const microseconds = ((performance.now() - began) * 1000) / requests.length
  return { hit: hits / requests.length, byteHit: hitBytes / allBytes, microseconds }
}

const percent = (part: number) => `${(100 * part).toFixed(2)} %`
console.log(
  `${values.requests} requests, ${values.objects} objects, ${(trace.totalBytes / 2 ** 20).toFixed(0)} MiB, alpha ${values.alpha}, seed ${values.seed}`,
)
console.log('| memory | policy | hit ratio | byte hit ratio | µs a request |')
console.log('|---|---|---|---|---|')
for (const part of [0.01, 0.05, 0.1, 0.25]) {
  const maxBytes = Math.floor(trace.totalBytes * part)
  for (const admission of ['all', 'frequency'] as const) {
    const { hit, byteHit, microseconds } = play(trace, admission, maxBytes)
    const name = admission === 'all' ? 'plain LRU' : 'with admission'
    const memory = `${(maxBytes / 2 ** 20).toFixed(0)} MiB (${100 * part} %)`
    console.log(`| ${memory} | ${name} | ${percent(hit)} | ${percent(byteHit)} | ${microseconds.toFixed(2)} |`)
  }
}
