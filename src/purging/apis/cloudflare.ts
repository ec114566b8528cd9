import {
  askedOf,
  byStatus,
  DONE,
  GARBAGE,
  inBatches,
  inBrackets,
  literal,
  nameOfTag,
  namesOf,
  objectIn,
  Planning,
} from './planning.ts'
import type { ApiAnswer, CdnAddress, Meaning, PurgeApi, PurgeOrder, PurgePlan } from './purge-api.ts'

export interface CloudflareOptions {
  readonly zone: string
  readonly token: string
  readonly widen: boolean
  readonly endpoint: string
}

/** Of one call; https://developers.cloudflare.com/cache/how-to/purge-cache/ */
const MOST = 100

/** The purge API of Cloudflare: https://developers.cloudflare.com/api/resources/cache/methods/purge/ */
export function createCloudflarePurge({ zone, token, widen, endpoint }: CloudflareOptions): PurgeApi {
  const url = `${endpoint}/client/v4/zones/${zone}/purge_cache`
  return {
    login: null,
    plan: (order) => plan(order, url, widen),
    authorise: () => ({ authorization: `Bearer ${token}` }),
    classify,
  }
}

function plan(order: PurgeOrder, url: string, widen: boolean): PurgePlan {
  const planning = new Planning(widen)
  if (!planning.mayBeHard(order)) return planning
  const add = (content: object, asked: readonly string[]) => {
    const headers = { 'content-type': 'application/json' }
    planning.calls.push({ method: 'POST', url, headers, body: JSON.stringify(content), asked })
  }
  const [root] = order.roots
  if (root !== undefined && widen) {
    planning.widened.push(`${root.asked}: everything of the zone`)
    add({ purge_everything: true }, namesOf(order))
    return planning
  }
  const folders = order.prefixes.map((prefix) => planning.folderOf(prefix)).filter((prefix) => prefix !== null)
  for (const batch of inBatches(order.urls, MOST)) {
    add({ files: batch.map(({ scheme, host, path, query }) => `${scheme}://${host}${path}${query}`) }, askedOf(batch))
  }
  for (const batch of inBatches([...folders, ...planning.withHosts(order.roots)], MOST)) {
    add({ prefixes: batch.map(({ host, path }: CdnAddress) => host + literal(path)) }, askedOf(batch))
  }
  for (const tags of inBatches(order.tags, MOST)) add({ tags }, tags.map(nameOfTag))
  return planning
}

function classify(answer: ApiAnswer): Meaning {
  const content = objectIn(answer.body)
  const [error] = Array.isArray(content?.errors) ? content.errors : []
  const code = inBrackets(error?.code)
  const meaning = byStatus(answer, code)
  if (meaning !== null) return meaning
  if (content?.success === true) return DONE
  return content?.success === false ? { kind: 'failed', reason: `it says that it did not${code}` } : GARBAGE
}
