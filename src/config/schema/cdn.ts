import * as z from 'zod'
import { PROVIDER_NAMES } from '../../providers/index.ts'
import { parsePathTemplate } from '../values/path-template.ts'
import { headerRules } from './headers.ts'
import { keyed } from './keyed.ts'
import { locations } from './locations.ts'
import { hostHeader, name, redirectHost, url } from './names.ts'
import { location } from './places.ts'
import { commit, pricing } from './pricing.ts'
import { purge } from './purge.ts'
import { duration, statuses } from './quantities.ts'
import { signing } from './signing.ts'
import { text } from './text.ts'
import { upstreamTls } from './upstream-tls.ts'

export const pathTemplate = text('a path template such as /prefix{path}', parsePathTemplate)

const endpoint = keyed({
  url: url.describe('The base URL.'),
  location: z
    .union([z.literal('auto'), location], { error: () => 'a metro code, coordinates, or auto' })
    .optional()
    .describe('Where it stands; `auto`: where the geo database places its address.'),
  locations: locations.optional().describe('Where it stands, when it stands in several places.'),
})

const healthCheck = keyed({
  path: text('a path that begins with /', parseProbePath)
    .nullable()
    .prefault(null)
    .describe('The path that is asked for; null: no active check.'),
  interval: duration({ min: '100ms' }).prefault('10s').describe('Between two checks of an endpoint, give or take.'),
  timeout: duration({ min: '10ms' })
    .prefault('5s')
    .describe('Until the response must be there, with a body that is checked.'),
  healthy_threshold: z.int().min(1).max(100).prefault(2).describe('Good checks in a row that make it healthy.'),
  unhealthy_threshold: z.int().min(1).max(100).prefault(3).describe('Bad checks in a row that make it unhealthy.'),
  expected_status: z.array(statuses(200, 599)).min(1).prefault([200]).describe('Statuses of a good answer.'),
  expected_sha256: text('a SHA-256 of 64 hexadecimal digits', parseSha256)
    .nullable()
    .prefault(null)
    .describe('SHA-256 of the body, which may have 8 MiB; null: the body does not matter.'),
})

function parseProbePath(input: unknown): string | undefined {
  return typeof input === 'string' && /^\/[\x21-\x22\x24-\x7e]{0,2047}$/.test(input) ? input : undefined
}

function parseSha256(input: unknown): string | undefined {
  return typeof input === 'string' && /^[0-9A-Fa-f]{64}$/.test(input) ? input.toLowerCase() : undefined
}

export const cdn = keyed({
  name: name.describe('Names the CDN in sites, policies, logs and metrics.'),
  provider: z.enum(PROVIDER_NAMES).describe('What kind of network it is.'),
  url: url.optional().describe('The base URL: shorthand for one endpoint. A site can name its own.'),
  endpoints: z.array(endpoint).min(1).optional().describe('Several base URLs, instead of `url`.'),
  locations: locations
    .prefault([])
    .describe('Where endpoints stand that do not say so themselves. Empty: anycast, everywhere at once.'),
  host_header: hostHeader.nullable().prefault(null).describe('null: the host of the URL; a name; or `preserve`.'),
  path_template: pathTemplate
    .nullable()
    .prefault(null)
    .describe(
      'How a path is asked for, by `{path}`, or by `{ref}`, its reference in the manifest; null: as is usual there.',
    ),
  tls: upstreamTls.prefault({}).describe('TLS towards the CDN.'),
  weight: z.number().min(0).max(1_000_000).prefault(100).describe('Share among equals.'),
  priority: z.int().min(0).max(1000).prefault(0).describe('Lower is tried first.'),
  bias: z.int().min(-99).max(99).prefault(0).describe('Positive shrinks its distance, negative stretches it.'),
  drain: z.boolean().prefault(false).describe('Takes no requests, but stays configured.'),
  trust: z.boolean().optional().describe('Its bytes need no proof. Default true for http.'),
  allow_private: z.boolean().prefault(false).describe('With trust: false: may resolve to private addresses.'),
  redirect_hosts: z.array(redirectHost).max(64).prefault([]).describe('Hosts that its redirects are followed to.'),
  client_ip: z.enum(['none', 'full']).prefault('none').describe('full: tells the client address in X-Forwarded-For.'),
  headers: headerRules.prefault({}).describe('Header fields towards this CDN and from it.'),
  pricing: pricing.prefault({}),
  commit: commit.nullable().prefault(null),
  max_mbps: z
    .number()
    .min(0.001)
    .max(1e9)
    .nullable()
    .prefault(null)
    .describe('Its capacity: at this rate it gets no more requests; null: no limit.'),
  health_check: healthCheck.prefault({}).describe('Active checks of each endpoint.'),
  signing: signing.nullable().prefault(null),
  purge: purge.nullable().prefault(null),
})
