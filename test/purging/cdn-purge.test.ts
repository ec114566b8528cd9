import t from 'tap'
import type { ApiAnswer, ApiCall, Login, Meaning, PurgeApi, PurgeCall } from '../../src/purging/apis/purge-api.ts'
import type { Unanswered } from '../../src/purging/ask-api.ts'
import { CdnPurge, GIVE_UP } from '../../src/purging/cdn-purge.ts'
import { Tokens } from '../../src/purging/tokens.ts'
import { ScriptedClock } from '../helpers/scripted-clock.ts'
import { until } from '../helpers/wait.ts'
import { answer } from './support.ts'

const call = (name: string): PurgeCall => ({ method: 'POST', url: name, headers: {}, body: null, asked: [name] })

/** Says what the body of an answer says; `progress` where something has begun. */
function classify({ status, body }: ApiAnswer): Meaning {
  if (body === 'begun') return { kind: 'accepted', progress: { ...call('progress'), method: 'GET' } }
  if (status === 200) return { kind: 'done' }
  return { kind: status >= 429 ? 'retry' : 'failed', reason: `it answers ${status}` }
}

type Reply = ApiAnswer | Unanswered | Promise<ApiAnswer | Unanswered>

/** A purge whose time passes, and whose API answers, as a test says. */
function scripted(
  names: readonly string[],
  reply: (asked: ApiCall, token: string) => Reply,
  login: Login | null = null,
) {
  const clock = new ScriptedClock()
  const asked: string[] = []
  const now = () => clock.now()
  const api: PurgeApi = {
    login,
    plan: () => ({ calls: [], unsupported: [], widened: [] }),
    authorise: (_call, { token }) => ({ authorization: token }),
    classify,
  }
  const unsupported = names.includes('odd') ? [{ asked: 'odd', reason: 'not here' }] : []
  const calls = names.filter((name) => name !== 'odd').map(call)
  const purge = new CdnPurge(
    api,
    { calls, unsupported, widened: [] },
    {
      ask: async (one, proof) => {
        asked.push(one.url)
        return reply(one, proof.authorization ?? '')
      },
      timers: clock,
      now,
      random: () => 1,
      tokens: new Tokens(now),
    },
  )
  let isOver = false
  const ended = purge.run().then(() => {
    isOver = true
  })
  /** Waits until something waits, and lets that time pass. Returns how long it was. */
  const pause = async () => {
    await until(() => clock.pauses.length > 0, { interval: 1 })
    const [ms] = clock.pauses
    clock.advance(ms!)
    return ms!
  }
  const finish = async () => {
    while (!isOver) {
      await new Promise(setImmediate)
      if (clock.pauses.length > 0) clock.advance(clock.pauses[0]!)
    }
  }
  return { purge, clock, asked, ended, pause, finish }
}

t.test('what fails for now is tried again, later each time, and as late as it says', async (t) => {
  const answers = [
    answer(503),
    { unanswered: 'no answer in 15 s' },
    answer(429, '', { 'retry-after': '30' }),
    answer(200),
  ]
  const { purge, asked, ended, pause } = scripted(['a'], () => answers.shift()!)
  t.equal(await pause(), 1000)
  t.match(purge.report(), { status: 'pending', not_purged: [{ asked: 'a', reason: 'not done yet: it answers 503' }] })
  t.equal(await pause(), 2000)
  t.equal(await pause(), 30_000, 'Retry-After is longer than the pause')
  await ended
  t.equal(asked.length, 4)
  t.same(purge.report(), {
    status: 'purged',
    calls: 1,
    done: 1,
    not_purged: [],
    not_purged_count: 0,
    widened: [],
  })
})

t.test('what one call was told of waiting counts for the others', async (t) => {
  let refusals = 1
  const busy = answer(429, '', { 'retry-after': '20' })
  const { asked, clock, finish } = scripted(['a', 'b', 'c', 'd', 'e'], ({ url }) =>
    url === 'a' && refusals-- > 0 ? busy : answer(200),
  )
  await until(() => clock.pauses.length === 2, { interval: 1 })
  t.same(clock.pauses, [20_000, 20_000], 'the fifth waits as well')
  t.same(asked, ['a', 'b', 'c', 'd'])
  await finish()
  t.same(asked.slice(4).toSorted(), ['a', 'e'])
})

t.test('not more than four calls are under way', async (t) => {
  let open = 0
  let most = 0
  const names = Array.from({ length: 20 }, (_, index) => `u${index}`)
  const { ended, purge } = scripted(names, async () => {
    most = Math.max(most, ++open)
    await new Promise(setImmediate)
    open--
    return answer(200)
  })
  await ended
  t.equal(most, 4)
  t.equal(purge.done, 20)
})

t.test('a failure is one, and the rest goes on', async (t) => {
  const { purge, ended } = scripted(['a', 'b', 'odd'], ({ url }) => answer(url === 'a' ? 404 : 200))
  await ended
  t.match(purge.report(), {
    status: 'failed',
    done: 1,
    not_purged: [
      { asked: 'a', reason: 'it answers 404' },
      { asked: 'odd', reason: 'not here' },
    ],
    not_purged_count: 2,
  })
  const other = scripted(['b', 'odd'], () => answer(200))
  await other.ended
  t.equal(other.purge.status, 'unsupported')
})

t.test('what has begun is looked at until it has ended', async (t) => {
  const answers = [answer(200, 'begun'), answer(200, 'begun'), answer(500), answer(200)]
  const { asked, ended, pause, purge } = scripted(['a'], () => answers.shift()!)
  t.equal(await pause(), 1000)
  t.match(purge.report().not_purged, [{ reason: 'not done yet: it has begun and not ended' }])
  t.equal(await pause(), 2000)
  t.equal(await pause(), 1000)
  await ended
  t.same(asked, ['a', 'progress', 'progress', 'progress'], 'it is not begun again')
})

t.test('there is an end', async (t) => {
  const { purge, clock, ended, finish } = scripted(['a', 'b', 'c', 'd', 'e', 'f'], () => answer(503))
  await finish()
  await ended
  t.equal(clock.now(), GIVE_UP)
  t.match(purge.report(), { status: 'failed', done: 0, not_purged_count: 6 })
  t.match(purge.report().not_purged[0]!.reason, 'given up after 15 minutes: it answers 503')
})

t.test('a gateway that ends gives up', async (t) => {
  const { purge, clock, ended } = scripted(['a', 'b', 'c', 'd', 'e'], () => answer(503))
  await until(() => clock.pauses.length === 4, { interval: 1 })
  purge.stop()
  await ended
  t.same(clock.pauses, [], 'nothing waits any more')
  t.match(purge.report(), { status: 'failed', not_purged_count: 5 })
})

const LOGIN: Login = {
  call: (now) => ({ ...call(`login ${now}`) }),
  read: ({ status, body }) =>
    status === 200 ? { token: body, lifetime: 3_600_000 } : { kind: 'failed', reason: 'no token' },
}

t.test('a token is fetched once, and again when it is refused', async (t) => {
  let tokens = 0
  const { purge, asked, ended } = scripted(
    ['a', 'b', 'c'],
    ({ url }, token) => {
      if (url.startsWith('login')) return answer(200, `token-${++tokens}`)
      return answer(token === 'token-2' ? 200 : 401)
    },
    LOGIN,
  )
  await ended
  t.equal(purge.status, 'purged')
  t.equal(asked.filter((url) => url.startsWith('login')).length, 2)
})

t.test('a token that is always refused is no endless loop, and none is a failure', async (t) => {
  const refused = scripted(['a'], ({ url }) => (url.startsWith('login') ? answer(200, 'x') : answer(401)), LOGIN)
  await refused.ended
  t.equal(refused.asked.length, 4)
  t.equal(refused.purge.status, 'failed')
  const none = scripted(['a'], () => answer(400), LOGIN)
  await none.ended
  t.match(none.purge.report().not_purged, [{ asked: 'a', reason: 'no token' }])
})

t.test('a report is short', async (t) => {
  const names = Array.from({ length: 60 }, (_, index) => `${index}`.padEnd(1000, 'x'))
  const { purge, ended } = scripted(names, () => answer(404))
  await ended
  const { not_purged: told, not_purged_count: count } = purge.report()
  t.equal(count, 60)
  t.equal(told.length, 50)
  t.equal(told[0]!.asked.length, 300)
})
