import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Scope } from '../../test/helpers/scope.ts'
import { drain } from './drain.ts'
import { type Ground, ground } from './ground.ts'
import { median } from './median.ts'
import { cpuSeconds } from './process-use.ts'

export interface HeliaOptions {
  readonly mebibytes: number
  readonly rounds: number
  /** What each answer of the networks comes late, as they are elsewhere. Milliseconds. */
  readonly delay: number
}

/** What one download took. */
interface Taken {
  readonly bytes: number
  readonly seconds: number
  /** Of the one process that verifies. */
  readonly cpu: number
}

const CLIENTS = ['unixfs', 'verified-fetch'] as const
const FETCH = fileURLToPath(new URL('../helia/fetch.mjs', import.meta.url))
const INSTALLED = new URL('../helia/node_modules/', import.meta.url)
const TARGET = 3

/**
 * Proved delivery against Helia's clients, which fetch block by block from the same gateway. Ours delivers to a client
 * besides; theirs only counts. True: three times as quick as the quicker of them.
 */
export async function helia(scope: Scope, { mebibytes, rounds, delay }: HeliaOptions): Promise<boolean> {
  if (!existsSync(INSTALLED)) throw new Error('Helia is not installed: npm ci --prefix bench/helia')
  const place = await ground(scope, { mebibytes, delay })
  const contestants: [name: string, take: () => Promise<Taken>][] = [['polycdn', () => ours(place)]]
  for (const client of CLIENTS) contestants.push([`@helia/${client}`, await theirs(scope, place, client)])
  const taken = contestants.map((): Taken[] => [])
  for (let round = -1; round < rounds; round++) {
    for (const [at, [name, take]] of contestants.entries()) {
      const one = await take()
      if (one.bytes !== place.size) throw new Error(`${name}: ${JSON.stringify(one)}`)
      // The first one warms up.
      if (round >= 0) taken[at]!.push(one)
    }
  }
  console.log(`${mebibytes} MiB, ${rounds} rounds, each answer of the gateway ${delay} ms late, medians`)
  console.log('| | MiB/s | ours is | MiB per CPU second | ours is |')
  console.log('|---|---|---|---|---|')
  const ratios = contestants.map(([name], at) => {
    const column = (key: 'seconds' | 'cpu') => {
      const ratio = median(taken[at]!.map((each, round) => each[key] / taken[0]![round]![key]))
      return { rate: (mebibytes / median(taken[at]!.map((each) => each[key]))).toFixed(0), ratio }
    }
    const [wall, cpu] = [column('seconds'), column('cpu')]
    console.log(`| ${name} | ${wall.rate} | ${wall.ratio.toFixed(1)} × | ${cpu.rate} | ${cpu.ratio.toFixed(1)} × |`)
    return wall.ratio
  })
  return ratios.slice(1).every((ratio) => ratio >= TARGET)
}

async function ours({ gateway: { child, port } }: Ground): Promise<Taken> {
  const pid = child.process.pid!
  const before = cpuSeconds(pid)
  const { bytes, seconds } = await drain({ port, host: 'car' })
  return { bytes, seconds, cpu: cpuSeconds(pid) - before }
}

async function theirs(scope: Scope, { upstream }: Ground, client: string): Promise<() => Promise<Taken>> {
  const { url, root, file } = upstream
  const child = spawn(process.execPath, [FETCH, url, root, file, client], { stdio: ['pipe', 'pipe', 'inherit'] })
  scope.teardown(() => child.kill())
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => {
    const { done, value } = await lines.next()
    if (done) throw new Error(`@helia/${client} has ended`)
    return value
  }
  await line()
  return async () => {
    child.stdin.write('\n')
    return JSON.parse(await line()) as Taken
  }
}
