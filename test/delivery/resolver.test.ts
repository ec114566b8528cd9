import type { LookupAddress } from 'node:dns'
import t from 'tap'
import { Resolver } from '../../src/delivery/resolver.ts'

const A: LookupAddress = { address: '127.0.0.1', family: 4 }
const B: LookupAddress = { address: '127.0.0.2', family: 4 }
const SIX: LookupAddress = { address: '::1', family: 6 }

function script() {
  const state = { now: 1000, calls: 0, answer: (): readonly LookupAddress[] => [A] }
  const resolve = async () => {
    state.calls++
    return state.answer()
  }
  return { state, resolver: new Resolver({ resolve, now: () => state.now }) }
}

function failing(): readonly LookupAddress[] {
  throw Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' })
}

/** Lets a look-up in the background come to its end. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

t.test('a name is looked up once in 10 s, however many ask', async (t) => {
  const { state, resolver } = script()
  await Promise.all(Array.from({ length: 50 }, () => resolver.addresses('a')))
  state.now += 10_000
  await resolver.addresses('a')
  t.equal(state.calls, 1)
})

t.test('after that the old addresses serve while new ones are looked up', async (t) => {
  const { state, resolver } = script()
  await resolver.addresses('a')
  state.now += 10_001
  state.answer = () => [B]
  t.strictSame(await resolver.addresses('a'), [A])
  await settled()
  t.strictSame(await resolver.addresses('a'), [B])
})

t.test('a name that was not used for a minute is looked up first', async (t) => {
  const { state, resolver } = script()
  await resolver.addresses('a')
  state.now += 60_001
  state.answer = () => [B]
  t.strictSame(await resolver.addresses('a'), [B])
})

t.test('a resolver that fails keeps the last good addresses, for an hour', async (t) => {
  const { state, resolver } = script()
  await resolver.addresses('a')
  state.answer = failing
  state.now += 60_001
  t.strictSame(await resolver.addresses('a'), [A])
  const { calls } = state
  t.strictSame(await resolver.addresses('a'), [A])
  t.equal(state.calls, calls, 'and is not asked again at once')
  state.now += 3_600_000
  await t.rejects(resolver.addresses('a'), { code: 'EAI_AGAIN' })
})

t.test('no answer and no memory is an error, and not remembered', async (t) => {
  const { state, resolver } = script()
  state.answer = failing
  await t.rejects(resolver.addresses('a'), { code: 'EAI_AGAIN' })
  state.answer = () => [A]
  t.strictSame(await resolver.addresses('a'), [A])
})

t.test('a socket gets what it asks for', async (t) => {
  const { state, resolver } = script()
  state.answer = () => [SIX, A]
  const ask = (options: object) =>
    new Promise((resolve) => resolver.lookup('a', options, (...result) => resolve(result)))
  t.strictSame(await ask({ all: true }), [null, [SIX, A]])
  t.strictSame(await ask({}), [null, '::1', 6])
  t.strictSame(await ask({ family: 4 }), [null, '127.0.0.1', 4])
  state.answer = () => [A]
  const { resolver: other } = script()
  const missing = await new Promise<NodeJS.ErrnoException | null>((resolve) =>
    other.lookup('a', { family: 6 }, (error) => resolve(error)),
  )
  t.equal(missing?.code, 'ENOTFOUND')
})

t.test('a name server that does not answer at all does not hold up what is known', async (t) => {
  let answers = true
  const state = { now: 1000 }
  const resolve = () => (answers ? Promise.resolve([A]) : new Promise<never>(() => {}))
  const resolver = new Resolver({ resolve, now: () => state.now })
  await resolver.addresses('a')
  answers = false
  state.now += 600_000
  t.strictSame(await resolver.addresses('a'), [A])
  t.strictSame(await resolver.addresses('a'), [A])
})
