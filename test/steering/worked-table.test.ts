import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import type { Route } from '../../src/config/snapshot.ts'
import { metro } from '../../src/geo/metros.ts'
import type { Place } from '../../src/geo/place.ts'
import { decide } from '../../src/steering/decide.ts'
import { NEUTRAL_WORLD, type Standing } from '../../src/steering/world.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { requestAt } from './support/build.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/steering.md'), 'utf8')
const [, SECTION, STRATEGIES] = PAGE.split(/^(?=## Worked table)/m) as [string, string, string]
const ROWS = [...SECTION.matchAll(/^\| ([^|]+) \|([^|]*)\| ([^|]+) \| `([^`|]+)` \|$/gm)]
const STRATEGY_ROWS = [...STRATEGIES.matchAll(/^\| `([^`]+)` \|([^|]*)\|([^|]*)\| ([^|]+) \| `([^`|]+)` \|$/gm)]
const POLICY = 'strategy: proximity, tie_threshold: 500km'

function placeOf(client: string): Place {
  const code = / ([A-Z]{3})$/.exec(client)?.[1]
  const location = code === undefined ? null : metro(code)!
  return { network: '192.0.2.0/24', source: 'database', location, country: null, continent: null, asn: null }
}

/** `north unhealthy, west ejected`, or `all ejected`. */
function standingsOf(ill: string): (cdnName: string) => Standing {
  const states = new Map(ill.split(', ').map((pair) => pair.trim().split(' ') as [string, Standing]))
  return (cdnName) => states.get(cdnName) ?? states.get('all') ?? 'healthy'
}

/** The route of the example, with another policy. */
async function routeOf(scope: Scope, policy = POLICY): Promise<Route> {
  const file = join(tempDir(scope, 'worked-table'), 'config.yaml')
  writeFileSync(file, /^```yaml\n([\s\S]*?)^```$/m.exec(SECTION)![1]!.replace(POLICY, policy))
  const loaded = await loadConfig(file, {})
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
  return loaded.snapshot.sites[0]!.routes[0]!
}

t.test('the worked table of the documentation is what the program does', async (t) => {
  const route = await routeOf(t)
  t.equal(ROWS.length, 12)
  for (const [row, client, ill, candidates, reason] of ROWS) {
    const standing = standingsOf(ill!)
    // Of equals the nearest is drawn: that is the order in which the table writes them.
    const decision = decide(route, requestAt(placeOf(client!)), {
      ...NEUTRAL_WORLD,
      standing: ({ cdnName }) => standing(cdnName),
    })
    const shown = decision.candidates.map(({ endpoint, km }) => {
      return km === null ? endpoint.cdnName : `${endpoint.cdnName} ${Math.round(km)}`
    })
    t.equal(shown.join(', '), candidates!.replaceAll(' ~ ', ', '), row)
    t.equal(decision.candidates[0]!.reason, reason, row)
    const level = decision.candidates.filter((candidate) => candidate.endpoint.cdn!.priority === 0)
    const equals = level.filter(({ reason }) => reason === 'tie-break' || reason === 'no-geo-default')
    t.equal(equals.length, candidates!.includes('~') ? candidates!.split(' ~ ').length : 0, row)
  }
})

t.test('so is that of the strategies', async (t) => {
  t.equal(STRATEGY_ROWS.length, 13)
  const oslo = requestAt(placeOf('Oslo, OSL'))
  for (const [row, policy, measured, drawn, candidates, reason] of STRATEGY_ROWS) {
    const times = new Map(measured!.split(', ').map((pair) => pair.trim().split(' ') as [string, string]))
    const decision = decide(await routeOf(t, policy), oslo, {
      ...NEUTRAL_WORLD,
      draw: () => Number(drawn),
      measured: ({ cdnName }) => {
        const ms = times.has(cdnName) ? Number(times.get(cdnName)) : null
        return ms === null ? null : { now: ms, usual: ms, age: 0 }
      },
    })
    const shown = decision.candidates.map(({ endpoint, ms }) =>
      ms === undefined ? endpoint.cdnName : `${endpoint.cdnName} ${Math.round(ms)}`,
    )
    t.equal(shown.join(', '), candidates!.replaceAll(' ~ ', ', '), row)
    t.equal(decision.candidates[0]!.reason, reason, row)
  }
})
