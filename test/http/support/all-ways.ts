import type { Endpoint } from '../../../src/config/snapshot.ts'
import { Prober } from '../../../src/health/prober.ts'
import { rawClient } from '../../helpers/raw-client.ts'
import type { Scope } from '../../helpers/scope.ts'
import { front } from './front.ts'
import { cdn, endpoint, policy, site, testServices } from './services.ts'
import { post } from './through.ts'
import { upgrade } from './upgrades.ts'

const CHECK = { path: '/', interval: 100, timeout: 5000, healthyThreshold: 1, unhealthyThreshold: 1 }

/** What a GET, a POST, an upgrade and an active check come to: `ok`, or the code of the refusal. */
export async function allWays(t: Scope, url: string, over: Partial<Endpoint>): Promise<string[]> {
  const healthCheck = { ...CHECK, expectedStatus: [200], expectedSha256: null }
  const edge = endpoint(url, { cdn: cdn('a', { healthCheck }), ...over })
  const only = policy({ fallback: 'none' }, { attempts: 1 })
  const sites = [site({ endpoints: [edge], origin: [endpoint(url, over)], policy: only })]
  const services = testServices(t, { sites })
  const gateway = await front(t, services)
  const results: string[] = []
  for (const request of ['GET / HTTP/1.1\r\nhost: www.example.com\r\n\r\n', post('x'), upgrade({ Upgrade: 'chat' })]) {
    const client = await rawClient(t, gateway)
    const { status, body } = (await client.send(request).responses(1))[0]!
    results.push(status === 200 || status === 101 ? 'ok' : (/\((\w+)\)/.exec(body.toString())?.[1] ?? String(status)))
  }
  const passed = Promise.withResolvers<boolean>()
  const prober = new Prober({
    timers: services.timers,
    random: () => 0,
    transport: () => services.current().transport,
    onResult: (_endpoint, result) => passed.resolve(result),
  })
  prober.watch([edge])
  results.push((await passed.promise) ? 'ok' : 'failed')
  prober.close()
  return results
}
