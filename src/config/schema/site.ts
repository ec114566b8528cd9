import * as z from 'zod'
import { pathTemplate } from './cdn.ts'
import { content, manifest } from './content.ts'
import { circuitBreaker } from './failover.ts'
import { headerRules } from './headers.ts'
import { keyed } from './keyed.ts'
import { hostHeader, hostPattern, name, url } from './names.ts'
import { duration } from './quantities.ts'
import { route } from './route.ts'
import { upstreamTls } from './upstream-tls.ts'

const origin = keyed({
  urls: z.array(url).min(1).describe('Base URLs of the origin, tried in this order.'),
  host_header: hostHeader.prefault('preserve').describe('`preserve`: the host that the client asked for; or a name.'),
  tls: upstreamTls.prefault({}).describe('TLS towards the origin.'),
  timeout: duration({ min: '10ms' }).prefault('60s').describe('Until the response headers, for each try.'),
  circuit_breaker: circuitBreaker(256).prefault({}).describe('When the origin is left alone.'),
  headers: headerRules.prefault({}).describe('Header fields towards the origin and from it.'),
})

/** This site's own hostname at a shared account. */
const override = keyed({
  url: url.optional().describe('The base URL of this site at the CDN; only for a CDN with a single endpoint.'),
  host_header: hostHeader.nullable().optional().describe('Instead of the host_header of the CDN.'),
  path_template: pathTemplate.nullable().optional().describe('Instead of the path_template of the CDN.'),
})

export const site = keyed({
  name: name.describe('Names the site in logs and metrics.'),
  hosts: z
    .array(hostPattern)
    .min(1)
    .describe('`www.example.com`, `*.example.com` for anything below it, `*` for the rest.'),
  origin: origin.nullable().prefault(null).describe("The site's own server."),
  unsafe_methods: name.prefault('origin').describe('Where POST, PUT, WebSocket and so on go: `origin` or a CDN.'),
  cdns: z.record(z.string(), override).prefault({}).describe('What is special about this site at a CDN, by its name.'),
  content: content.prefault({}).describe('Where content-addressed networks have this site.'),
  manifest: manifest.nullable().prefault(null),
  routes: z.array(route).prefault([]).describe('The first match wins. None: everything goes to the policy `default`.'),
})
