import { parseArgs } from 'node:util'
import { Run } from './run.ts'
import { helia } from './verified/helia.ts'
import { memory } from './verified/memory.ts'
import { throughput } from './verified/throughput.ts'

/**
 * What it costs that every byte is proved. Exit code 1 where a target is missed.
 *
 *   node bench/verified.ts throughput [--mebibytes 100] [--rounds 7] [--downloads 3]
 *   node bench/verified.ts helia [--mebibytes 100] [--rounds 7] [--delay 0]      after npm ci --prefix bench/helia
 *   node bench/verified.ts memory --mebibytes 200 [--clients 50]
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mebibytes: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '7' },
    downloads: { type: 'string', default: '3' },
    delay: { type: 'string', default: '0' },
    clients: { type: 'string', default: '50' },
  },
})

const mebibytes = Number(values.mebibytes)
const rounds = Number(values.rounds)
const PARTS = {
  throughput: (run: Run) => throughput(run, { mebibytes, rounds, downloads: Number(values.downloads) }),
  helia: (run: Run) => helia(run, { mebibytes, rounds, delay: Number(values.delay) }),
  memory: (run: Run) => memory(run, { mebibytes, clients: Number(values.clients) }),
} as const

const [name = 'throughput'] = positionals
const run = new Run()
try {
  if (!Object.hasOwn(PARTS, name)) throw new Error(`one of ${Object.keys(PARTS).join(', ')}`)
  process.exitCode = (await PARTS[name as keyof typeof PARTS](run)) ? 0 : 1
} finally {
  await run.end()
}
