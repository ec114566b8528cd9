import { readTokenAnswer } from './oauth-token.ts'
import {
  askedOf,
  byStatus,
  DONE,
  GARBAGE,
  groupBy,
  inBatches,
  inBrackets,
  literal,
  nameOfTag,
  objectIn,
  Planning,
} from './planning.ts'
import type { ApiAnswer, ApiCall, CdnAddress, Login, Meaning, PurgeApi, PurgeOrder, PurgePlan } from './purge-api.ts'

export interface AzureOptions {
  readonly subscription: string
  readonly resourceGroup: string
  readonly profile: string
  readonly afdEndpoint: string
  readonly tenant: string
  readonly clientId: string
  readonly clientSecret: string
  readonly widen: boolean
  readonly endpoint: string
  /** Where tokens come from. */
  readonly loginEndpoint: string
}

/** Paths of one call. */
const MOST_PATHS = 100
const VERSION = '2023-05-01'

/**
 * Purges of Azure Front Door. A path means all its queries, in any case of letters; a prefix is a whole folder.
 * https://learn.microsoft.com/en-us/rest/api/frontdoorservice/azurefrontdoorstandardpremium/afd-endpoints/purge-content
 */
export function createAzurePurge(options: AzureOptions): PurgeApi {
  const { subscription, resourceGroup, profile, afdEndpoint, endpoint } = options
  const group = `/subscriptions/${subscription}/resourceGroups/${encodeURIComponent(resourceGroup)}`
  const path = `${group}/providers/Microsoft.Cdn/profiles/${profile}/afdEndpoints/${afdEndpoint}/purge`
  return {
    login: loginOf(options),
    plan: (order) => plan(order, `${endpoint}${path}?api-version=${VERSION}`, options.widen),
    authorise: (_call, { token }) => ({ authorization: `Bearer ${token}` }),
    classify: (answer, call) => classify(answer, call, endpoint),
  }
}

function loginOf({ tenant, clientId, clientSecret, endpoint, loginEndpoint }: AzureOptions): Login {
  const url = `${loginEndpoint}/${tenant}/oauth2/v2.0/token`
  const fields = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: `${endpoint}/.default`,
  }
  const body = new URLSearchParams(fields).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { call: () => ({ method: 'POST', url, headers, body }), read: readTokenAnswer }
}

function plan(order: PurgeOrder, url: string, widen: boolean): PurgePlan {
  const planning = new Planning(widen)
  if (!planning.mayBeHard(order)) return planning
  const everything = (folder: CdnAddress) => ({ ...folder, path: `${literal(folder.path)}*` })
  const folders = order.prefixes.map((prefix) => planning.folderOf(prefix)).filter((prefix) => prefix !== null)
  const paths = [
    ...order.urls.map((each) => ({ ...each, path: literal(each.path) })),
    ...[...folders, ...planning.withHosts(order.roots)].map(everything),
  ]
  for (const tag of order.tags) planning.refuse(nameOfTag(tag), 'it knows no tags')
  for (const [host, ofHost] of groupBy(paths, (each) => each.host)) {
    for (const batch of inBatches(ofHost, MOST_PATHS)) {
      const contentPaths = [...new Set(batch.map((each) => each.path))]
      const body = JSON.stringify({ contentPaths, domains: [host] })
      const headers = { 'content-type': 'application/json' }
      planning.calls.push({ method: 'POST', url, headers, body, asked: askedOf(batch) })
    }
  }
  return planning
}

function classify(answer: ApiAnswer, call: ApiCall, endpoint: string): Meaning {
  const content = objectIn(answer.body)
  const { error } = (content ?? {}) as { readonly error?: { readonly code?: unknown } }
  const meaning = byStatus(answer, inBrackets(error?.code))
  if (meaning !== null) return meaning
  const isProgress = call.method === 'GET'
  if (answer.status === 202) return isProgress ? { kind: 'accepted', progress: call } : progressOf(answer, endpoint)
  if (!isProgress || content?.status === undefined) return DONE
  if (content.status === 'Succeeded') return DONE
  if (content.status === 'Failed' || content.status === 'Canceled')
    return { kind: 'failed', reason: 'it says that it did not' }
  return typeof content.status === 'string' ? { kind: 'accepted', progress: call } : GARBAGE
}

/** The token goes to where it is meant for, whatever an answer names. */
function progressOf(answer: ApiAnswer, endpoint: string): Meaning {
  const url = URL.parse(answer.header('azure-asyncoperation') ?? answer.header('location') ?? '')
  if (url === null) return GARBAGE
  if (url.origin !== new URL(endpoint).origin) return { kind: 'failed', reason: 'it tells of its progress elsewhere' }
  return { kind: 'accepted', progress: { method: 'GET', url: url.href, headers: {}, body: null } }
}
