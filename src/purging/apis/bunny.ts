import { byStatus, DONE, literal, nameOfTag, Planning } from './planning.ts'
import type { ApiAnswer, CdnAddress, Meaning, PurgeApi, PurgeOrder, PurgePlan } from './purge-api.ts'

export interface BunnyPurgeOptions {
  /** The id of the pull zone, for tags and for all of it; null: it is not told. */
  readonly pullZone: number | null
  readonly key: string
  readonly widen: boolean
  readonly endpoint: string
}

/** The purge API of bunny.net: https://docs.bunny.net/api-reference/core/purge/purge-url */
export function createBunnyPurge(options: BunnyPurgeOptions): PurgeApi {
  return {
    login: null,
    plan: (order) => plan(order, options),
    authorise: () => ({ accesskey: options.key }),
    classify: (answer: ApiAnswer): Meaning => byStatus(answer) ?? DONE,
  }
}

function plan(order: PurgeOrder, { pullZone, widen, endpoint }: BunnyPurgeOptions): PurgePlan {
  const planning = new Planning(widen)
  if (!planning.mayBeHard(order)) return planning
  const add = (url: string, asked: string, content?: object) => {
    const body = content === undefined ? null : JSON.stringify(content)
    const headers: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' }
    planning.calls.push({ method: 'POST', url: endpoint + url, headers, body, asked: [asked] })
  }
  const zone = `/pullzone/${pullZone}/purgeCache`
  // A URL that ends with a slash would be its whole folder.
  for (const url of order.urls) add(`${purgeOf(url, '')}&exactPath=true`, url.asked)
  for (const prefix of order.prefixes) add(purgeOf(prefix, '*'), prefix.asked)
  for (const tag of order.tags) {
    if (pullZone === null) planning.refuse(nameOfTag(tag), 'tags need "pull_zone"')
    else add(zone, nameOfTag(tag), { CacheTag: tag })
  }
  const [root] = order.roots
  if (root === undefined) return planning
  if (pullZone !== null && !order.shared) add(zone, root.asked)
  else for (const each of planning.withHosts(order.roots)) add(purgeOf(each, '*'), each.asked)
  return planning
}

function purgeOf({ scheme, host, path, query }: CdnAddress, ending: string): string {
  const url = `${scheme}://${host}${literal(path + query)}${ending}`
  return `/purge?url=${encodeURIComponent(url)}&async=false`
}
