import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { seededRandom } from '../helpers/random.ts'
import { rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { noise } from '../providers/ipfs/support/noise.ts'
import { cachingPolicy } from './support/caching.ts'
import { door } from './support/door.ts'
import { cdn, endpoint, policy, site } from './support/services.ts'

// Memory that upstreams were read into is read into again once a client has the bytes. Were it too soon, a slow client
// would get bytes of another's answer.

/** More than the kernel's buffers hold: what a slow client has not taken waits in the gateway. */
const SIZE = 12_000_000
const BODIES = Array.from({ length: 4 }, (_, seed) => noise(SIZE, seed + 1))
const DIGESTS = BODIES.map((body) => digest(body))

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Bodies by number; those with an odd one in chunks of many sizes. */
async function upstream(scope: Scope): Promise<string> {
  const server = createServer(async ({ url }, response) => {
    const index = Number(url!.slice(1))
    const body = BODIES[index]!
    if (index % 2 === 0) return response.writeHead(200, { 'content-length': SIZE }).end(body)
    response.writeHead(200)
    for (let at = 0, size = 1000; at < SIZE && !response.destroyed; at += size, size = (size * 7) % 99_991) {
      if (!response.write(body.subarray(at, Math.min(SIZE, at + size)))) await turn()
    }
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  scope.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

for (const cache of ['without the cache', 'with the cache'] as const) {
  t.test(`many clients at once, some slow, some leaving: each has its own bytes, ${cache}`, async (t) => {
    const url = await upstream(t)
    const chosen = cache === 'with the cache' ? cachingPolicy() : policy({ fallback: 'none' })
    const gate = await door(t, { sites: [site({ endpoints: [endpoint(url, { cdn: cdn('edge') })], policy: chosen })] })
    const random = seededRandom(7)
    const hurry = Promise.withResolvers<void>()
    const one = async (index: number, isSlow: boolean) => {
      const client = await rawClient(t, { port: gate.port })
      client.socket.removeAllListeners('data')
      const hash = createHash('sha256')
      let text = ''
      let body = 0
      let waits = isSlow
      const leaves = random() < 0.2 ? SIZE / 2 : Number.POSITIVE_INFINITY
      client.socket.on('data', (chunk: Buffer) => {
        const at = text === '' ? chunk.indexOf('\r\n\r\n') + 4 : 0
        if (text === '') text = chunk.toString('latin1', 0, at)
        hash.update(chunk.subarray(at))
        body += chunk.length - at
        if (body > leaves) return client.close()
        if (!waits) return
        waits = false
        client.socket.pause()
        void hurry.promise.then(() => client.socket.resume())
      })
      // HTTP/1.0: what came in chunks goes on without them.
      client.send(`GET /${index} HTTP/1.0\r\nHost: a\r\n\r\n`)
      await until(() => client.end !== 'open' || client.socket.destroyed, { timeout: 30_000 })
      if (body > leaves) return
      t.match(text, /^HTTP\/1\.1 200 /)
      t.same([body, hash.digest('hex')], [SIZE, DIGESTS[index]], `body ${index}`)
    }
    const slow = Array.from({ length: 8 }, (_, at) => one(at % 4, true))
    // Those who come while others wait are read for with the memory that is free.
    for (let round = 0; round < 2; round++) await Promise.all(Array.from({ length: 6 }, (_, at) => one(at % 4, false)))
    hurry.resolve()
    await Promise.all(slow)
    t.same(gate.services.errors, [])
  })
}
