import { gzipSync } from 'node:zlib'
import t from 'tap'
import { answer } from '../helpers/misbehaviour.ts'
import { type RawClient, rawClient } from '../helpers/raw-client.ts'
import { field } from '../helpers/raw-response.ts'
import type { Scope } from '../helpers/scope.ts'
import { type ScriptedUpstream, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { type Door, door } from './support/door.ts'
import { RESPONSE_CASES, type ResponseCase } from './support/response-cases.ts'
import { cdn, endpoint, OUTLIER, policy, site } from './support/services.ts'
import { upgrade } from './support/upgrades.ts'

const NEVER_EJECTED = { ...OUTLIER, failurePercent: 0, consecutiveFailures: 1_000_000 }
const RIGHT = 'the right answer'
const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n'

interface Bench extends Door {
  readonly bad: ScriptedUpstream
  play(steps: readonly Step[]): void
  client(): Promise<RawClient>
}

/** The first CDN, which is the origin as well, does to `/case` what a row says; with `good`, a second one is well. */
async function bench(scope: Scope, good?: string): Promise<Bench> {
  let steps: readonly Step[] = []
  const bad = await scriptedUpstream(scope, ({ target }) => (target === '/case' ? steps : answer(200, RIGHT)))
  const endpoints = [endpoint(bad.url, { cdn: cdn('bad') })]
  if (good !== undefined) {
    const well = await scriptedUpstream(scope, answer(200, good))
    endpoints.push(endpoint(well.url, { cdn: cdn('good') }))
  }
  const retry = { attempts: endpoints.length, budgetPercent: 100, budgetPerSecond: 1_000_000 }
  const chosen = policy(
    { outlier: NEVER_EJECTED, fallback: 'none', resume: { enabled: false, require: 'strong-etag' } },
    retry,
  )
  const made = await door(scope, { sites: [site({ endpoints, origin: [endpoint(bad.url)], policy: chosen })] })
  const play = (next: readonly Step[]) => {
    steps = next
  }
  return { ...made, bad, play, client: () => rawClient(scope, made) }
}

type Assertions = Pick<typeof t, 'ok' | 'notOk' | 'equal' | 'same' | 'match' | 'notMatch'>

const nameOf = ({ clause, what, method, fields }: ResponseCase) =>
  `${clause}: ${what}${method === 'HEAD' ? ', HEAD' : ''}${fields === undefined ? '' : ', Range'}`

const request = (line: string, fields = '') => `${line} /case HTTP/1.1\r\nHost: a\r\n${fields}\r\n`

/** Both answers of a connection, and that there is nothing else on it. */
async function two(client: RawClient, method: string) {
  const [first, second] = await client.responses(2, [method, 'GET'])
  const heads = client.text.split(/HTTP\/1\.[01] (?!10[23])\d/).length - 1
  return {
    first: first!,
    second: second!,
    only: heads === 2 && client.text.endsWith(RIGHT) && !/evil/.test(client.text),
  }
}

async function judge(t: Assertions, gate: Bench, row: ResponseCase): Promise<void> {
  const client = await gate.client()
  const method = row.method ?? 'GET'
  client.send(request(method, row.fields))
  if (row.verdict === 'cut') {
    await client.ended()
    t.same(await client.responses(1, [], 0).catch(() => []), [], `${nameOf(row)}: no complete answer`)
    t.notMatch(client.text, /evil|\r\n0\r\n/, nameOf(row))
  } else {
    await client.responses(1, [method])
    client.send(NEXT)
    const { first, second, only } = await two(client, method)
    const [status, body] = row.verdict === 'refused' ? [502, null] : row.verdict
    t.equal(first.status, status, nameOf(row))
    if (body !== null) t.equal(first.body.toString(), body, nameOf(row))
    else t.match(field(first, 'proxy-status'), /^polycdn; error=\w+; next-hop=bad$/, nameOf(row))
    const { without } = row
    if (without !== undefined)
      t.notOk(
        first.fields.some(([name]) => without.test(name)),
        nameOf(row),
      )
    t.equal(second.body.toString(), RIGHT, `${nameOf(row)}: the next request`)
    t.ok(only, `${nameOf(row)}: two answers and nothing else`)
  }
  client.close()
  const other = (await gate.client()).send(NEXT)
  t.equal((await other.responses(1))[0]!.body.toString(), RIGHT, `${nameOf(row)}: another client`)
  other.close()
}

/** Rows one after another before one gateway, so that each meets the connections of the last; eight gateways at once. */
async function throughGateways(
  scope: Scope,
  rows: readonly ResponseCase[],
  { good, each }: { readonly good?: string; each(gate: Bench, row: ResponseCase): Promise<void> },
): Promise<void> {
  const left = [...rows]
  const work = async () => {
    const gate = await bench(scope, good)
    for (let row = left.shift(); row !== undefined; row = left.shift()) {
      gate.play(row.steps)
      await each(gate, row)
    }
    t.same(gate.services.errors, [])
    await until(() => gate.listeners.requests === 0, { what: 'nothing to be left' })
  }
  await Promise.all(Array.from({ length: 8 }, work))
}

t.test('each row: a 502, a visible cut or the right answer; and the next requests have their own', async (t) => {
  t.ok(RESPONSE_CASES.length >= 60)
  await throughGateways(t, RESPONSE_CASES, { each: (gate, row) => judge(t, gate, row) })
})

const REFUSED = RESPONSE_CASES.filter(({ verdict, method }) => verdict === 'refused' && method !== 'HEAD')

t.test('what is refused is hidden by the next candidate', async (t) => {
  const each = async (gate: Bench, row: ResponseCase) => {
    const client = (await gate.client()).send(request('GET', row.fields))
    const [got] = await client.responses(1)
    t.same([got!.status, got!.body.toString()], [200, 'the second'], nameOf(row))
    client.close()
  }
  await throughGateways(t, REFUSED, { good: 'the second', each })
})

/** A part is asked for by GET only. */
const OF_ANY_METHOD = REFUSED.filter(({ clause, fields }) => fields === undefined && !/^9110 (?:14|15\.3)/.test(clause))

t.test('POST: the origin is not believed either', async (t) => {
  const each = async (gate: Bench, row: ResponseCase) => {
    const client = await gate.client()
    client.send(request('POST', 'Content-Length: 5\r\n').concat('hello'))
    await client.responses(1)
    const { first, second, only } = await two(client.send(NEXT), 'POST')
    t.equal(first.status, 502, nameOf(row))
    t.equal(second.body.toString(), RIGHT, nameOf(row))
    t.ok(only, nameOf(row))
    client.close()
  }
  await throughGateways(t, OF_ANY_METHOD, { each })
})

t.test('Upgrade: what is no answer is no tunnel either', async (t) => {
  const each = async (gate: Bench, row: ResponseCase) => {
    const client = (await gate.client()).send(upgrade({ Host: 'a' }, 'GET /case HTTP/1.1'))
    const [got] = await client.responses(1)
    t.equal(got!.status, 502, nameOf(row))
    t.notMatch(client.text, /evil/, nameOf(row))
    client.close()
  }
  await throughGateways(t, OF_ANY_METHOD, { each })
})

t.test('an answer that nobody asked for, on a connection that waits, is thrown away with the connection', async (t) => {
  const gate = await bench(t)
  const sent = Promise.withResolvers<void>()
  const first = await gate.client()
  gate.play([...answer(200, 'ok'), sent.promise, answer(200, 'evil').join('')])
  first.send(request('GET'))
  await first.responses(1)
  sent.resolve()
  await until(() => gate.bad.open === 0, { what: 'the connection to be dropped' })
  const [, next] = await first.send(NEXT).responses(2)
  t.equal(next!.body.toString(), RIGHT)
})

t.test('what is compressed goes on as it came, and cookies as well', async (t) => {
  const gate = await bench(t)
  // RFC 9110 section 8.4: a gigabyte in a megabyte is for the client to judge; here it is bytes.
  const bomb = gzipSync(Buffer.alloc(64 << 20))
  const fields = 'Content-Encoding: gzip\r\nContent-Encoding: br\r\nSet-Cookie: a=1, b\r\nSet-Cookie: c=2\r\n'
  gate.play([`HTTP/1.1 200 OK\r\n${fields}Content-Length: ${bomb.length}\r\n\r\n`, bomb])
  const client = (await gate.client()).send(request('GET', 'Accept-Encoding: identity\r\n'))
  const [got] = await client.responses(1)
  t.ok(got!.body.equals(bomb))
  t.same(
    got!.fields.filter(([name]) => name === 'Set-Cookie' || name === 'Content-Encoding'),
    [
      ['Content-Encoding', 'gzip'],
      ['Content-Encoding', 'br'],
      ['Set-Cookie', 'a=1, b'],
      ['Set-Cookie', 'c=2'],
    ],
  )
})
