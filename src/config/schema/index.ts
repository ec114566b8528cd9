import * as z from 'zod'
import { cdn } from './cdn.ts'
import { geoip } from './geo.ts'
import { keyed } from './keyed.ts'
import { admin, listen } from './listen.ts'
import { filePath, NAME, token } from './names.ts'
import { location, network } from './places.ts'
import { policy } from './policy.ts'
import { site } from './site.ts'
import { steeringTest } from './steering-test.ts'
import { pattern } from './text.ts'
import { cache, limits, log, otel, shutdown } from './top.ts'

const LOOPBACK = ['127.0.0.0/8', '::1/128']

const gateway = keyed({
  location: location.nullable().prefault(null).describe('Where this gateway stands.'),
  /** RFC 8586 section 2: a cdn-id is a host name or a token. */
  loop_id: pattern('a name such as edge-1.example.com', /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)
    .nullable()
    .prefault(null)
    .describe('Its name in CDN-Loop; null: a random one.'),
})

const debug = keyed({
  clients: z.array(network).prefault(LOOPBACK).describe('Clients that may ask for the decision header.'),
  token: token.prefault(null).describe('A token that lets any client ask for it.'),
})

const policyKey = z.string().regex(NAME, 'a policy is named with letters, digits, dots, hyphens and underscores')

/** The configuration language, version 1. Parsing fills the defaults in and turns texts into values. */
export const configSchema = keyed({
  version: z.literal(1).prefault(1).describe('The version of the language.'),
  listen: listen.prefault([{ address: '0.0.0.0:8080' }]).describe('Where clients are served.'),
  admin: admin.prefault({}).describe('Where the operator is served.'),
  workers: z
    .union([z.literal('auto'), z.int().min(1).max(512)], { error: () => 'auto, or a number of processes' })
    .prefault('auto')
    .describe('Processes that serve; auto: one a core.'),
  state_dir: filePath.nullable().prefault(null).describe('A folder for what survives a restart; null: nothing does.'),
  gateway: gateway.prefault({}).describe('About this gateway.'),
  trusted_proxies: z
    .array(network)
    .prefault(LOOPBACK)
    .describe('Whose Forwarded and X-Forwarded-For headers are believed.'),
  debug: debug.prefault({}).describe('Who may look inside.'),
  geoip: geoip.prefault({}).describe('Where clients are.'),
  cdns: z.array(cdn).prefault([]).describe('Accounts and networks.'),
  sites: z.array(site).min(1).describe('Sets of host names with an origin.'),
  policies: z.record(policyKey, policy).prefault({}).describe('How to choose and how to fail over.'),
  cache: cache.prefault({}).describe('Storage of the response cache.'),
  limits: limits.prefault({}).describe('What one client may use.'),
  shutdown: shutdown.prefault({}).describe('How the gateway ends.'),
  otel: otel.prefault({}).describe('OpenTelemetry.'),
  log: log.prefault({}).describe('Log lines on standard output.'),
  tests: z.array(steeringTest).prefault([]).describe('Expected decisions, for `polycdn test`.'),
})

/** A configuration as its file says it, checked, with every default filled in. `compile` makes a Snapshot of it. */
export type Config = z.output<typeof configSchema>
