import type { Scope } from '../test/helpers/scope.ts'
import { failoverUnderLoad } from '../test/scenarios/failover-under-load.ts'

/** `npm run soak [SECONDS]`: load for 20 s while the nearest edge dies and comes back. Exit code 1 on one failed request. */
class Run implements Scope {
  readonly #teardowns: (() => unknown)[] = []

  teardown(fn: () => unknown): void {
    this.#teardowns.push(fn)
  }

  async end(): Promise<void> {
    for (let fn = this.#teardowns.pop(); fn !== undefined; fn = this.#teardowns.pop()) await fn()
  }
}

const duration = Number(process.argv[2] ?? 20)
const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000)
const run = new Run()
try {
  console.log(`soak: ${duration} s, SOAK_SEED=${seed}`)
  const report = await failoverUnderLoad(run, { duration, seed })
  const { load, cycles, failovers, exitCode, stderr } = report
  console.log(load.output)
  console.log(JSON.stringify({ requests: load.requests, failed: load.failed, cycles, failovers, exitCode }))
  const good = load.failed === 0 && load.socketErrors === 0 && failovers > 0 && exitCode === 0 && stderr === ''
  console.log(good ? 'soak: not one failed request' : `soak: FAILED\n${stderr}`)
  process.exitCode = good ? 0 : 1
} finally {
  await run.end()
}
