import { parseArgs } from 'node:util'
import { Run } from './run.ts'
import { memory } from './verified/memory.ts'
import { throughput } from './verified/throughput.ts'

/**
 * `node bench/verified.ts throughput|helia|memory [--mebibytes N] [--rounds N] [--downloads N]`: what it costs that every
 * byte is proved. Exit code 1 where a target is missed.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mebibytes: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '7' },
    downloads: { type: 'string', default: '3' },
    clients: { type: 'string', default: '50' },
  },
})

const options = {
  mebibytes: Number(values.mebibytes),
  rounds: Number(values.rounds),
  downloads: Number(values.downloads),
}
const run = new Run()
try {
  if (positionals[0] === 'throughput') process.exitCode = (await throughput(run, options)) ? 0 : 1
  else if (positionals[0] === 'memory')
    process.exitCode = (await memory(run, { mebibytes: options.mebibytes, clients: Number(values.clients) })) ? 0 : 1
} finally {
  await run.end()
}
