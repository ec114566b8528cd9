import { createHash, randomBytes } from 'node:crypto'
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

/** MiB. */
const HASHED = 512

interface Turn {
  /** MiB of body for each second of CPU of the gateway. */
  readonly perCpuSecond: number
  /** MiB of body a second. */
  readonly perSecond: number
}

/**
 * Proved delivery against the unproved pump of the same gateway, and against a pump that does nothing more than the SHA-256
 * of all bytes, which no proof is without. Prints a table; true: at least 0.6 of that.
 */
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
  const hash = hashSpeed()
  const bound = median(turns.pump.map(({ perCpuSecond }) => 1 / (1 / perCpuSecond + 1 / hash)))
  const ratios = SITES.map((site) => {
    const cpu = column(turns[site], turns.pump, 'perCpuSecond')
    const wall = column(turns[site], turns.pump, 'perSecond')
    console.log(`| ${site} | ${cpu.own} | ${cpu.ratio.toFixed(2)} | ${wall.own} | ${wall.ratio.toFixed(2)} |`)
    return Number(cpu.own) / bound
  })
  console.log(`SHA-256 alone: ${hash.toFixed(0)} MiB per CPU second; the pump with it: ${bound.toFixed(0)}, of which`)
  console.log(SITES.map((site, at) => `${site} ${ratios[at]!.toFixed(2)}`).join(', '))
  return ratios.every((ratio) => ratio >= 0.6)
}

/** MiB of blocks as large as those of a CAR for each second of CPU. */
function hashSpeed(): number {
  const block = randomBytes(1024 * 1024)
  const before = process.cpuUsage()
  for (let at = 0; at < HASHED; at++) createHash('sha256').update(block).digest()
  const { user, system } = process.cpuUsage(before)
  return HASHED / ((user + system) / 1e6)
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
