import type { Scope } from '../../test/helpers/scope.ts'
import { drain } from './drain.ts'
import { type Ground, ground, SITES, type SiteName } from './ground.ts'
import { median } from './median.ts'
import { cpuSeconds } from './process-use.ts'

export interface ThroughputOptions {
  readonly mebibytes: number
  readonly rounds: number
  /** Downloads of each site in a round, one after the other. */
  readonly downloads: number
}

interface Turn {
  /** MiB of body for each second of CPU of the gateway. */
  readonly perCpuSecond: number
  /** MiB of body a second. */
  readonly perSecond: number
}

/** Proved delivery against the unproved pump of the same gateway. Prints a table; true: at least 0.6 of the pump. */
export async function throughput(scope: Scope, options: ThroughputOptions): Promise<boolean> {
  const { mebibytes, rounds, downloads } = options
  const place = await ground(scope, { mebibytes })
  for (const site of SITES) await turn(place, site, downloads)
  const turns: Record<SiteName, Turn[]> = { pump: [], car: [], manifest: [] }
  for (let round = 0; round < rounds; round++) {
    // Whoever comes first in a round is another one each time.
    for (let at = 0; at < SITES.length; at++) {
      const site = SITES[(round + at) % SITES.length]!
      turns[site].push(await turn(place, site, downloads))
    }
  }
  console.log(`${mebibytes} MiB, ${rounds} rounds of ${downloads} downloads each, medians`)
  console.log('| | MiB per CPU second | of the pump | MiB/s | of the pump |')
  console.log('|---|---|---|---|---|')
  const ratios = SITES.map((site) => {
    const cpu = column(turns[site], turns.pump, 'perCpuSecond')
    const wall = column(turns[site], turns.pump, 'perSecond')
    console.log(`| ${site} | ${cpu.own} | ${cpu.ratio.toFixed(2)} | ${wall.own} | ${wall.ratio.toFixed(2)} |`)
    return cpu.ratio
  })
  return ratios.every((ratio) => ratio >= 0.6)
}

/** The ratio is that of each round: what disturbs one disturbs its peers too. */
function column(turns: readonly Turn[], pump: readonly Turn[], key: keyof Turn) {
  const own = median(turns.map((each) => each[key])).toFixed(0)
  return { own, ratio: median(turns.map((each, round) => each[key] / pump[round]![key])) }
}

async function turn({ gateway, size }: Ground, site: SiteName, downloads: number): Promise<Turn> {
  const pid = gateway.child.process.pid!
  const before = cpuSeconds(pid)
  let seconds = 0
  for (let at = 0; at < downloads; at++) {
    const got = await drain({ port: gateway.port, host: site })
    if (got.status !== 200 || got.bytes !== size) throw new Error(`${site}: ${JSON.stringify(got)}`)
    seconds += got.seconds
  }
  const mebibytes = (downloads * size) / 1024 / 1024
  return { perCpuSecond: mebibytes / (cpuSeconds(pid) - before), perSecond: mebibytes / seconds }
}
