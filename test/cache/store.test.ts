import t from 'tap'
import { makeTrace } from '../../bench/cache/zipf.ts'
import { FrequencySketch, hashOf } from '../../src/cache/sketch.ts'
import { ByteStore } from '../../src/cache/store.ts'

t.test('the bytes of all values are never more than the limit', async (t) => {
  const store = new ByteStore<number>({ maxBytes: 1_000, usualBytes: 10 })
  for (let at = 0; at < 500; at++) {
    store.set(`${at % 70}`, at, 1 + ((at * 37) % 90))
    store.get(`${at % 13}`)
    if (store.bytes > 1_000) return t.fail(`${store.bytes} bytes after ${at}`)
  }
  t.ok(store.bytes > 500)
  t.equal([...store.entries()].length, store.size)
  store.clear()
  t.equal(store.bytes + store.size, 0)
})

t.test('a value that is replaced or too large is not what is found', async (t) => {
  const store = new ByteStore<string>({ maxBytes: 1_000 })
  store.set('a', 'old', 10)
  store.set('a', 'new', 20)
  t.equal(store.get('a'), 'new')
  t.equal(store.peek('a'), 'new')
  t.equal(store.bytes, 20)
  store.set('a', 'huge', 5_000)
  t.equal(store.get('a'), undefined)
  store.set('b', 'x', 10)
  store.delete('b')
  t.equal(store.peek('b'), undefined)
})

t.test('what grows keeps its place, or asks for one, and stays as it was where there is none', async (t) => {
  const store = new ByteStore<string>({ maxBytes: 1_000 })
  t.notOk(store.grow('a', 'more', 10), 'nothing is there')
  store.set('a', 'small', 10)
  t.ok(store.grow('a', 'more', 15), 'in the window')
  t.ok(store.grow('a', 'much', 400), 'out of the window')
  t.ok(store.grow('a', 'most', 500), 'in the main part')
  t.equal(store.bytes, 500)
  t.notOk(store.grow('a', 'huge', 5_000))
  t.equal(store.peek('a'), 'most')
  for (let at = 0; at < 5; at++) store.get('a')
  store.set('b', 'rare', 10)
  t.notOk(store.grow('b', 'rare and large', 600), 'it would push out what is asked for more often')
  t.equal(store.peek('b'), 'rare')
  t.equal(store.peek('a'), 'most')
  t.equal(store.bytes, 510)
})

t.test('what is asked for once does not push out what is asked for often', async (t) => {
  const [kept, plain] = (['frequency', 'all'] as const).map((admission) => {
    const store = new ByteStore<number>({ maxBytes: 10_000, usualBytes: 100, admission })
    const ask = (key: string) => {
      const isHit = store.get(key) !== undefined
      if (!isHit) store.set(key, 1, 100)
      return isHit ? 1 : 0
    }
    for (let at = 0; at < 250; at++) ask(`often ${at % 50}`)
    let hits = 0
    // Each of the 50 comes once among 200 that never come again, which is twice of what there is room for.
    for (let at = 0; at < 2_000; at++) {
      ask(`once ${at}`)
      if (at % 4 === 0) hits += ask(`often ${(at / 4) % 50}`)
    }
    return { hits, store }
  })
  t.ok(kept!.hits >= 480, `${kept!.hits} of 500 are there`)
  t.ok(kept!.store.rejections > 1_000)
  t.ok(plain!.hits <= 50, `${plain!.hits} with plain LRU`)
  t.ok(plain!.store.evictions > 1_000)
})

t.test('on a Zipf trace it beats plain LRU, in requests and in bytes', async (t) => {
  const trace = makeTrace({ seed: 7, requests: 60_000, objects: 6_000, alpha: 0.9 })
  const [kept, plain] = (['frequency', 'all'] as const).map((admission) => {
    const store = new ByteStore<true>({ maxBytes: trace.totalBytes * 0.05, admission })
    let [hits, bytes] = [0, 0]
    for (const object of trace.requests) {
      const size = trace.bytes[object]!
      if (store.get(`${object}`) === undefined) store.set(`${object}`, true, size)
      else {
        hits++
        bytes += size
      }
    }
    return { hits, bytes }
  })
  t.ok(kept!.hits > plain!.hits * 1.1, `${kept!.hits} hits instead of ${plain!.hits}`)
  t.ok(kept!.bytes > plain!.bytes, `${kept!.bytes} bytes instead of ${plain!.bytes}`)
})

t.test('a sketch counts up to 15, forgets by halves, and hardly ever too much', async (t) => {
  const sketch = new FrequencySketch(1_024)
  const [often, seldom] = [hashOf('often'), hashOf('seldom')]
  for (let at = 0; at < 40; at++) sketch.add(often)
  sketch.add(seldom)
  t.equal(sketch.estimate(often), 15)
  t.equal(sketch.estimate(seldom), 1)
  let wrong = 0
  for (let at = 0; at < 600; at++) if (sketch.estimate(hashOf(`never ${at}`)) > 0) wrong++
  t.ok(wrong <= 2, `${wrong} of 600 that never came seem to have`)
  for (let at = 0; at < 12_000; at++) sketch.add(hashOf(`other ${at}`))
  t.ok(sketch.estimate(often) <= 8)
})
