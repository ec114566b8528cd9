import * as z from 'zod'
import type { PurgeApiName } from '../../purging/apis/index.ts'
import { parseApiUrl } from '../values/api-url.ts'
import { keyed } from './keyed.ts'
import { filePath } from './names.ts'
import { pattern, text } from './text.ts'

const widen = z
  .boolean()
  .prefault(false)
  .describe('What this CDN cannot purge as narrowly as asked, it purges more widely, instead of not at all.')

const apiUrl = (preset: string, about: string) =>
  text('a URL with https, without a query', parseApiUrl).prefault(preset).describe(about)

const endpoint = (preset: string) => apiUrl(preset, 'Where the API is; http on loopback only.')

/** What is wrong is never repeated, wherever it came from: it may be the secret but for a space. */
const secret = text<string>('a secret of 8 to 4096 visible ASCII characters', (input) => {
  if (typeof input === 'string' && /^[\x21-\x7e]{8,4096}$/.test(input)) return input
  return { refused: 'expected a secret of 8 to 4096 visible ASCII characters', whole: true }
})

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/
const id = (expected: string) => pattern(expected, ID)
const uuid = (expected: string) => pattern(expected, /^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/)

const cloudfront = keyed({
  api: z.literal('cloudfront'),
  distribution: id('the id of a distribution').describe('The distribution.'),
  access_key_id: id('the id of an access key').describe(
    'An access key with cloudfront:CreateInvalidation and GetInvalidation.',
  ),
  secret_access_key: secret.describe('Its secret.'),
  session_token: secret.optional().describe('Of temporary credentials.'),
  tags: z.boolean().prefault(false).describe('Whether the distribution reads tags: it has a CacheTagConfig.'),
  widen,
  endpoint: endpoint('https://cloudfront.amazonaws.com'),
})

const cloudflare = keyed({
  api: z.literal('cloudflare'),
  zone: pattern('the id of a zone, 32 hexadecimal digits', /^[0-9a-f]{32}$/).describe('The zone.'),
  token: secret.describe('An API token that may purge it.'),
  widen,
  endpoint: endpoint('https://api.cloudflare.com'),
})

const fastly = keyed({
  api: z.literal('fastly'),
  service: id('the id of a service').describe('The service.'),
  token: secret.describe('An API token that may purge it.'),
  widen,
  endpoint: endpoint('https://api.fastly.com'),
})

const bunny = keyed({
  api: z.literal('bunny'),
  pull_zone: z.int().min(1).nullable().prefault(null).describe('The id of the pull zone: for tags, and for all of it.'),
  key: secret.describe('The API key of the account.'),
  widen,
  endpoint: endpoint('https://api.bunny.net'),
})

const google = keyed({
  api: z.literal('google'),
  project: pattern('the id of a project', /^[a-z][a-z0-9.:-]{1,127}$/).describe('The project.'),
  url_map: id('the name of a URL map').describe('The URL map of the load balancer.'),
  key_file: filePath.nullable().prefault(null).describe('The JSON key of a service account; or `token`.'),
  token: secret.nullable().prefault(null).describe('An access token, which lives for an hour; or `key_file`.'),
  widen,
  endpoint: endpoint('https://compute.googleapis.com'),
})

const azure = keyed({
  api: z.literal('azure'),
  subscription: uuid('the id of a subscription').describe('The subscription.'),
  resource_group: pattern('the name of a resource group', /^[A-Za-z0-9_.()-]{1,90}$/).describe('The resource group.'),
  profile: id('the name of a profile').describe('The profile of Front Door.'),
  afd_endpoint: id('the name of an endpoint').describe('The endpoint in the profile.'),
  tenant: uuid('the id of a tenant').describe('The tenant of the application.'),
  client_id: uuid('the id of an application').describe('An application that may purge the endpoint.'),
  client_secret: secret.describe('Its secret.'),
  widen,
  endpoint: endpoint('https://management.azure.com'),
  login_endpoint: apiUrl('https://login.microsoftonline.com', 'Where tokens come from; http on loopback only.'),
})

const BY_API = { cloudfront, cloudflare, fastly, bunny, google, azure } as const satisfies Record<
  PurgeApiName,
  z.ZodType
>

type Kinds = [typeof cloudfront, typeof cloudflare, typeof fastly, typeof bunny, typeof google, typeof azure]

/** How a CDN is told to forget, by whose API it is. */
export const purge = z
  .discriminatedUnion('api', Object.values(BY_API) as Kinds, {
    error: ({ code }) => (code === 'invalid_union' ? `one of ${Object.keys(BY_API).join(', ')}` : undefined),
  })
  .describe('How this CDN is told to forget what it stores.')
