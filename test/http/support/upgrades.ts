import { rawClient } from '../../helpers/raw-client.ts'
import type { Scope } from '../../helpers/scope.ts'
import { type Script, type Step, scriptedUpstream } from '../../helpers/scripted-upstream.ts'
import { type Behaviour, upgradeServer } from './echo-server.ts'
import { front } from './front.ts'
import { endpoint, site, type TestSite, type TestSnapshot, testServices } from './services.ts'

type Spec = TestSite & Pick<TestSnapshot, 'limits'>

/** The request of a WebSocket; its key is that of RFC 6455 section 1.3. */
export function upgrade(fields: Readonly<Record<string, string>> = {}, line = 'GET /chat?room=1 HTTP/1.1'): string {
  const all = {
    Host: 'www.example.com',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...fields,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line}\r\n${lines.join('')}\r\n`
}

/** A gateway whose one origin is at this URL, and a connection to the gateway. */
export async function gatewayTo(scope: Scope, url: string, spec: Spec = {}) {
  const sites = [site({ origin: [endpoint(url)], ...spec })]
  const services = testServices(scope, { sites, limits: spec.limits ?? {} })
  const gateway = await front(scope, services)
  return { services, gateway, client: await rawClient(scope, gateway) }
}

/** … in front of an upstream that agrees to upgrades. */
export async function toServer(scope: Scope, behave?: Behaviour, spec?: Spec) {
  const server = await upgradeServer(scope, behave)
  return { server, ...(await gatewayTo(scope, server.url, spec)) }
}

/** … in front of an upstream that does what a script says. */
export async function toScript(scope: Scope, script: Script | readonly Step[], spec?: Spec) {
  const upstream = await scriptedUpstream(scope, script)
  return { upstream, ...(await gatewayTo(scope, upstream.url, spec)) }
}
