import t from 'tap'
import { compile } from '../../src/config/compile.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { expectProblems } from './problems-of.ts'

const config = (terms: string, policy = '') => `cdns:
  - { name: a, provider: http, url: https://a.example, ${terms} }
  - { name: b, provider: http, url: https://b.example }
sites:
  - { name: www, hosts: [www.example.com], origin: { urls: [https://o.example] } }
policies: { default: { cdns: [a, b]${policy} } }
`

const BAD: readonly (readonly [terms: string, problem: string, policy?: string])[] = [
  ['commit: §{ mbps: 5 }', 'cdns[0].commit: needs "price_per_month"'],
  ['commit: §{ price_per_month: 5 }', 'cdns[0].commit: needs "mbps" or "gb"'],
  [
    'commit: { mbps: 5, §gb: 5, price_per_month: 5 }',
    'cdns[0].commit.gb: a commit is either in "mbps" or in "gb", not both',
  ],
  [
    'commit: { mbps: 5, price_per_month: 5, §overage_per_gb: 1 }',
    'cdns[0].commit.overage_per_gb: a commit in "mbps" has "overage_per_mbps"',
  ],
  [
    'commit: { gb: 5, price_per_month: 5, §overage_per_mbps: 1 }',
    'cdns[0].commit.overage_per_mbps: a commit in "gb" has "overage_per_gb"',
  ],
  ['commit: { mbps: §0, price_per_month: 5 }', 'cdns[0].commit.mbps: a commit of 0 needs "overage_per_mbps"'],
  ['commit: { mbps: 5, price_per_month: §-5 }', 'cdns[0].commit.price_per_month: must be at least 0, got -5'],
  ['commit: { mbps: 5, price_per_month: 5, share: §1.5 }', 'cdns[0].commit.share: must be at most 1, got 1.5'],
  [
    'commit: { mbps: 5, price_per_month: 5, timezone: §Europe/Berlim }',
    'cdns[0].commit.timezone: unknown time zone, got "Europe/Berlim"; did you mean "Europe/Berlin"?',
  ],
  ['pricing: { per_gb: §-1 }', 'cdns[0].pricing.per_gb: must be at least 0, got -1'],
  [
    'pricing: { per_gb: §dear }',
    'cdns[0].pricing.per_gb: expected a price, prices by continent, or a list of tiers, got "dear"',
  ],
  [
    'pricing: { per_gb: { EU: 1, §EUR: 1 } }',
    'cdns[0].pricing.per_gb.EUR: no continent is named "EUR": AF, AN, AS, EU, NA, OC, SA, default',
  ],
  ['pricing: { per_gb: { EU: §-1 } }', 'cdns[0].pricing.per_gb.EU: must be at least 0, got -1'],
  [
    'pricing: { per_gb: [{ up_to_gb: 10, price: 2 }, { up_to_gb: §10, price: 1 }] }',
    'cdns[0].pricing.per_gb[1].up_to_gb: tiers ascend: must be more than 10',
  ],
  [
    'pricing: { per_gb: [§{ price: 2 }, { price: 1 }] }',
    'cdns[0].pricing.per_gb[0]: needs "up_to_gb": only the last tier has no end',
  ],
  ['pricing: { per_10k_requests: §-1 }', 'cdns[0].pricing.per_10k_requests: must be at least 0, got -1'],
  ['max_mbps: §0', 'cdns[0].max_mbps: must be at least 0.001, got 0'],
  ['weight: 1', 'policies.default.cost.burst_to[0]: no CDN is named "c"', ', cost: { burst_to: [§c] }'],
  [
    'pricing: { per_gb: 1 }',
    'policies.default.cost.max_extra_distance: expected a distance such as 500km, got "far"',
    ', cost: { max_extra_distance: §far }',
  ],
  [
    'weight: 1',
    'warning: policies.default.strategy: none of its CDNs has a price: all cost nothing, and the nearest is first',
    ', strategy: §cost',
  ],
  [
    'commit: { mbps: 5, price_per_month: 5 }, pricing: { per_gb: §1 }',
    'warning: cdns[0].pricing.per_gb: the commit and its overage pay for every GB: this price is not used',
  ],
  [
    'commit: { mbps: 50, price_per_month: 5, share: 0.5 }, max_mbps: §20',
    'warning: cdns[0].max_mbps: the commit pays for 25 Mbit/s, which can never be reached',
  ],
]

t.test('what is wrong with prices and commits', async (t) => {
  for (const [terms, problem, policy] of BAD) expectProblems(t, config(terms, policy), [problem])
  const elsewhere = config('weight: 1', ', cost: { burst_to: [§b] }').replace('cdns: [a, b]', 'cdns: [a]')
  expectProblems(t, elsewhere.replace('name: b', 'name: §b'), [
    'warning: cdns[1].name: no route leads to this CDN, so it is never used',
    'policies.default.cost.burst_to[0]: "b" is no CDN of this policy',
  ])
})

t.test('what prices and commits become', async (t) => {
  const compiled = (text: string) => {
    const parsed = parseConfig(text, 'c.yaml', {})
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
    return compile(parsed.config, {
      id: 'x',
      files: new Map(),
      database: null,
      asnDatabase: null,
      stateDir: null,
      folder: '/etc/polycdn',
    })
  }
  const cdn = (terms: string) => compiled(config(terms)).cdns[0]!
  t.same(cdn('commit: { mbps: 500, price_per_month: 4000, share: 0.25, timezone: Europe/Berlin }').commit, {
    kind: 'mbps',
    amount: 125,
    pricePerMonth: 1000,
    overage: 8,
    timezone: 'Europe/Berlin',
  })
  t.match(cdn('commit: { gb: 100, price_per_month: 5, overage_per_gb: 0.1 }').commit, {
    kind: 'gb',
    overage: 0.1,
    timezone: 'UTC',
  })
  t.same(
    [...cdn('pricing: { per_gb: { EU: 0.08, AS: 0.12 } }').pricing.byContinent!],
    [
      ['default', 0.12],
      ['EU', 0.08],
      ['AS', 0.12],
    ],
  )
  t.equal(cdn('pricing: { per_gb: [{ up_to_gb: 10, price: 2 }] }').pricing.tiers[0]!.upTo, Number.POSITIVE_INFINITY)
  t.equal(cdn('weight: 1').commit, null)
  const at = (location: string, mode: string) => {
    return compiled(`${config('weight: 1', `, mode: ${mode}`)}gateway: { location: ${location} }\n`).policies[0]!.cost
      .pricedAt
  }
  t.same(
    ['FRA', 'JFK', 'NRT', 'SYD', 'GRU', 'JNB'].map((metro) => at(metro, 'proxy')),
    ['EU', 'NA', 'AS', 'OC', 'SA', 'AF'],
  )
  t.equal(at('FRA', 'redirect'), null, 'a redirected client pays where it is')
})
