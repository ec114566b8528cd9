import t from 'tap'
import type { Endpoint, Policy } from '../../src/config/snapshot.ts'
import { editForRedirect, redirectTo } from '../../src/http/redirect.ts'
import type { Link, Signer } from '../../src/signing/signer.ts'
import type { Decision } from '../../src/steering/decision.ts'
import { admittedRequest, type FieldLine, valuesOf } from './support/request.ts'
import { cdn, endpoint, policy, site } from './support/services.ts'

const EDGE = endpoint('https://edge.test:8443/base', { cdn: cdn('edge'), pathTemplate: '/v1{path}' })
const NOW = 1_800_000_000_000
const REDIRECT = policy({ mode: 'redirect' })

function decision(chosen: Policy, endpoints: readonly Endpoint[]): Decision {
  const candidates = endpoints.map((each) => ({ endpoint: each, reason: 'failover' as const, km: null }))
  return { policy: chosen, measuredFrom: 'nowhere', candidates, rejected: [] }
}

interface Given {
  readonly fields?: readonly FieldLine[]
  readonly policy?: Policy
  readonly endpoints?: readonly Endpoint[]
  readonly method?: string
}

function redirect({ fields = [], policy: chosen = REDIRECT, endpoints = [EDGE], method = 'GET' }: Given = {}) {
  const target = { path: '/a%2Fb', query: '?c=d' }
  const of = site({ endpoints, policy: chosen })
  return redirectTo(admittedRequest({ fields, target, site: of, method }), decision(chosen, endpoints), NOW)
}

t.test('the way to the best candidate, byte for byte, kept by nobody', async (t) => {
  const { status, headers } = redirect()!
  t.equal(status, 302)
  t.same(valuesOf(headers, 'location'), ['https://edge.test:8443/base/v1/a%2Fb?c=d'])
  t.same(valuesOf(headers, 'cache-control'), ['no-store'])
  t.same(valuesOf(headers, 'content-length'), ['0'])
})

t.test('max_age: the visitor may keep it, shared caches may not', async (t) => {
  const chosen = policy({ mode: 'redirect', redirect: { status: 307, maxAge: 90_500 } })
  t.equal(redirect({ policy: chosen })!.status, 307)
  t.same(valuesOf(redirect({ policy: chosen })!.headers, 'cache-control'), ['private, max-age=90'])
})

t.test('HEAD is redirected as GET is', async (t) => {
  t.same(redirect({ method: 'HEAD' }), redirect())
})

const NAVIGATIONS: readonly (readonly FieldLine[])[] = [
  [['Sec-Fetch-Mode', 'navigate']],
  [
    ['Sec-Fetch-Mode', 'navigate'],
    ['Sec-Fetch-Dest', 'iframe'],
  ],
  [
    ['Sec-Fetch-Mode', 'no-cors'],
    ['Sec-Fetch-Dest', 'document'],
  ],
  [['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8']],
]

t.test('a navigation is never redirected, over plain HTTP neither', async (t) => {
  for (const fields of NAVIGATIONS) t.equal(redirect({ fields }), null, JSON.stringify(fields))
})

const ASSETS: readonly (readonly FieldLine[])[] = [
  [],
  [['Accept', '*/*']],
  [['Accept', 'image/avif,image/webp,*/*']],
  [
    ['Sec-Fetch-Mode', 'no-cors'],
    ['Sec-Fetch-Dest', 'image'],
    ['Accept', 'image/*'],
  ],
  [
    ['Sec-Fetch-Mode', 'cors'],
    ['Sec-Fetch-Dest', 'empty'],
    ['Accept', 'text/html'],
  ],
]

t.test('what a page fetches is', async (t) => {
  for (const fields of ASSETS) t.not(redirect({ fields }), null, JSON.stringify(fields))
})

t.test('only in redirect mode, to a trusted CDN, and if there is one', async (t) => {
  t.equal(redirect({ policy: policy({ mode: 'proxy' }) }), null)
  t.equal(redirect({ endpoints: [] }), null)
  t.equal(redirect({ endpoints: [endpoint('https://edge.test', { cdn: cdn('edge', { trust: false }) })] }), null)
  t.equal(redirect({ endpoints: [endpoint('https://origin.test')] }), null, 'an origin is no CDN')
})

t.test('edits of answers leave alone what makes it a redirect', async (t) => {
  const edit = editForRedirect({
    remove: ['location', 'cache-control', 'server'],
    set: [
      ['cache-control', 'public, max-age=31536000'],
      ['access-control-allow-origin', '*'],
    ],
  })
  t.same(edit, { remove: ['server'], set: [['access-control-allow-origin', '*']] })
})

const FIVE_MINUTES = {
  ttl: 300_000,
  slot: 30_000,
  reserved: new Set<string>(),
  sign: ({ path }: Link) => `signed:${path}`,
}

function signed(binds: Signer['binds'], maxAge: number) {
  const signing: Signer = { ...FIVE_MINUTES, binds }
  const chosen = policy({ mode: 'redirect', redirect: { status: 302, maxAge } })
  return redirect({ policy: chosen, endpoints: [endpoint('https://edge.test', { cdn: cdn('edge', { signing }) })] })
}

t.test('a signed way is remembered for half its life at most, a bound one not at all', async (t) => {
  t.same(valuesOf(signed([], 0)!.headers, 'cache-control'), ['no-store'])
  t.same(valuesOf(signed([], 60_000)!.headers, 'cache-control'), ['private, max-age=60'])
  t.same(valuesOf(signed([], 3_600_000)!.headers, 'cache-control'), ['private, max-age=150'])
  t.same(valuesOf(signed([4, 6], 60_000)!.headers, 'cache-control'), ['no-store'])
  t.same(valuesOf(signed([4], 60_000)!.headers, 'location'), ['signed:/a%2Fb'])
  t.equal(signed([6], 60_000), null, 'a client that cannot be bound is not sent away')
})
