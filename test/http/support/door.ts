import type { Policy } from '../../../src/config/snapshot.ts'
import { Listeners } from '../../../src/http/listeners.ts'
import { recordUnreadable } from '../../../src/http/record.ts'
import { createAnswering } from '../../../src/http/server.ts'
import { Tunnels } from '../../../src/http/tunnel.ts'
import type { Scope } from '../../helpers/scope.ts'
import { type Script, type ScriptedUpstream, type Step, scriptedUpstream } from '../../helpers/scripted-upstream.ts'
import { cdn, endpoint, policy, site, type TestServices, type TestSnapshot, testServices } from './services.ts'

/** The gateway's listeners with everything behind them, in this process. */
export interface Door {
  readonly port: number
  readonly url: string
  readonly listeners: Listeners
  readonly services: TestServices
  /** Requests that Node's server has parsed. */
  readonly parsed: number
}

export interface DoorWithUpstream extends Door {
  readonly upstream: ScriptedUpstream
}

const NOTHING = () => {}
/** For listeners whose refusals nobody looks at. */
export const QUIET = {
  onRefused: NOTHING,
  onStranger: NOTHING,
  onUnreadable: NOTHING,
  ordered: () => [],
  ticketKeys: Buffer.alloc(48, 7),
}

/** Listens where the snapshot says. `lane`: whether what is ready is answered before Node's server reads it. */
export async function door(scope: Scope, of: TestSnapshot, { lane = true } = {}): Promise<Door> {
  const services = testServices(scope, of)
  const app = await createAnswering(services)
  const tunnels = new Tunnels(services, app.answer)
  let parsed = 0
  const listeners = new Listeners({
    onRequest: (request, response) => {
      parsed++
      app.answer(request, response)
    },
    hits: lane ? app.hits : () => null,
    timers: services.timers,
    onUpgrade: (request, socket, head) => tunnels.handleUpgrade(request, socket, head),
    snapshot: () => services.current().snapshot,
    ...QUIET,
    onUnreadable: (status) => recordUnreadable(services, status),
  })
  const { listen, limits } = services.current().snapshot
  await listeners.open(listen, limits)
  scope.teardown(async () => {
    const closed = Promise.all([listeners.close(), tunnels.drain(0)])
    listeners.destroy()
    await closed
    await app.close()
  })
  const port = Number(listeners.addresses[0]!.split(':').at(-1))
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    listeners,
    services,
    get parsed() {
      return parsed
    },
  }
}

/** One site for every host, one CDN `edge` at a scripted upstream, no origin. */
export async function doorTo(
  scope: Scope,
  script: Script | readonly Step[],
  of: Partial<TestSnapshot> = {},
  chosen: Policy = policy({ fallback: 'none' }),
): Promise<DoorWithUpstream> {
  const upstream = await scriptedUpstream(scope, script)
  const edge = endpoint(upstream.url, { cdn: cdn('edge') })
  const sites = [site({ endpoints: [edge], policy: chosen })]
  return Object.assign(await door(scope, { sites, ...of }), { upstream })
}
