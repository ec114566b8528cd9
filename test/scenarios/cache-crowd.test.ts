import t, { type Test } from 'tap'
import { type CrowdOptions, crowd, type Rush } from './cache-crowd.ts'

const CLIENTS = 1_000

async function rushes(t: Test, options: CrowdOptions): Promise<void> {
  const { whole, dies, after, stderr, exitCode } = await crowd(t, options)
  checkRush(t, whole, options, [options.workers, 0])
  checkRush(t, dies, options, [options.workers, options.workers])
  for (const fetched of after) t.match(fetched, { status: 200, body: 'exact', cacheStatus: /hit/ })
  t.strictSame([exitCode, stderr], [0, ''])
}

/** @param most how often each upstream may be asked */
function checkRush(
  t: Test,
  { bad, exact, fetches, collapsed, ...use }: Rush,
  { clients }: CrowdOptions,
  most: number[],
) {
  t.comment(JSON.stringify({ fetches, collapsed, ...use }))
  t.strictSame(bad.slice(0, 3), [])
  t.equal(exact, clients, 'every client has every byte')
  t.ok(fetches[0]! >= 1 && fetches.every((count, at) => count <= most[at]!), `asked ${fetches} times`)
  t.equal(collapsed, clients - fetches[0]!, 'all others have had what came for one')
  // MiB: one copy a worker, and what sockets and requests take; not one for each client.
  t.ok(use.memory < clients / 4, `${use.memory} MiB more`)
}

t.test('1,000 clients, one worker: one fetch, also where the upstream dies in the middle', (t) =>
  rushes(t, { clients: CLIENTS, workers: 1, disk: false }),
)

t.test('1,000 clients, four workers and a disk: no more than one fetch a worker', (t) =>
  rushes(t, { clients: CLIENTS, workers: 4, disk: true }),
)
