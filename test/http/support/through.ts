import { answer } from '../../helpers/misbehaviour.ts'
import { rawClient } from '../../helpers/raw-client.ts'
import type { Scope } from '../../helpers/scope.ts'
import { type Script, type Step, scriptedUpstream } from '../../helpers/scripted-upstream.ts'
import { front } from './front.ts'
import { endpoint, site, type TestSite, type TestSnapshot, testServices } from './services.ts'

/** A gateway in front of one origin that does what the script says, and a connection to the gateway. */
export async function through(
  scope: Scope,
  script: Script | readonly Step[] = answer(),
  spec: TestSite & Pick<TestSnapshot, 'limits'> = {},
) {
  const upstream = await scriptedUpstream(scope, script)
  const sites = [site({ origin: [endpoint(upstream.url)], ...spec })]
  const services = testServices(scope, { sites, limits: spec.limits ?? {} })
  const gateway = await front(scope, services)
  return { upstream, services, gateway, client: await rawClient(scope, gateway) }
}

/** A request with a body whose length is told. */
export function post(body: string, fields: Readonly<Record<string, string>> = {}, line = 'POST /form'): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line} HTTP/1.1\r\nhost: www.example.com\r\n${lines.join('')}content-length: ${body.length}\r\n\r\n${body}`
}
