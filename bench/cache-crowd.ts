/**
 * Many clients ask for one object that nobody has, with one worker and with four, also with an upstream that dies in the
 * middle. Exit code 1 where anybody does not get every byte, or where there is more than one fetch a worker.
 *
 *   node bench/cache-crowd.ts [--clients 10000]
 */
import { parseArgs } from 'node:util'
import { readProcessLimits } from '../src/gateway/descriptors.ts'
import { crowd, type Rush } from '../test/scenarios/cache-crowd.ts'
import { Run } from './run.ts'

/** Descriptors besides those of the clients. */
const OWN = 256
/** Milliseconds: a gateway looks once a second whether it is to shed. */
const APART = 2_500

const { values } = parseArgs({ options: { clients: { type: 'string', default: '10000' } } })
const clients = allowed(Number(values.clients))
let good = clients === Number(values.clients)
console.log(`${clients} clients, 1 MiB`)
console.log('| workers | upstream | exact | fetches | collapsed | all have asked | all have all | memory | CPU |')
console.log('|---|---|---|---|---|---|---|---|---|')
for (const workers of [1, 4]) {
  const run = new Run()
  try {
    const { whole, dies, stderr, exitCode } = await crowd(run, { clients, workers, disk: workers > 1, apart: APART })
    for (const [name, rush] of Object.entries({ whole, dies })) {
      show(workers, name, rush)
      good &&= rush.exact === clients && rush.fetches.every((count) => count <= workers)
      if (rush.bad.length > 0) console.log(rush.bad.slice(0, 5))
    }
    good &&= exitCode === 0 && stderr === ''
    if (stderr !== '') console.log(stderr)
  } finally {
    await run.end()
  }
}
console.log(good ? 'crowd: every byte for everybody' : 'crowd: FAILED')
process.exitCode = good ? 0 : 1

function show(workers: number, upstream: string, rush: Rush): void {
  const { exact, fetches, collapsed, asked, took, memory, cpu } = rush
  const cells = [
    workers,
    upstream,
    exact,
    fetches.join(' + '),
    collapsed,
    `${asked.toFixed(1)} s`,
    `${took.toFixed(1)} s`,
  ]
  console.log(`| ${[...cells, `${memory.toFixed(0)} MiB`, `${cpu.toFixed(1)} s`].join(' | ')} |`)
}

/** As many as this process and the gateway's may have descriptors for; fewer are told, and fail. */
function allowed(wanted: number): number {
  const soft = Number(/^Max open files\s+(\d+)/m.exec(readProcessLimits())?.[1] ?? Number.POSITIVE_INFINITY)
  if (wanted + OWN <= soft) return wanted
  console.error(`\n*** ONLY ${soft - OWN} CLIENTS: this shell allows ${soft} descriptors (ulimit -n) ***\n`)
  return soft - OWN
}
