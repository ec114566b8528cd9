import { byStatus, DONE, GARBAGE, inBatches, nameOfTag, objectIn, Planning } from './planning.ts'
import type { ApiAnswer, Meaning, PurgeApi, PurgeOrder, PurgePlan } from './purge-api.ts'

export interface FastlyOptions {
  readonly service: string
  readonly token: string
  readonly widen: boolean
  readonly endpoint: string
}

/** Surrogate keys of one call. */
const MOST_KEYS = 256

/** The purge API of Fastly: https://www.fastly.com/documentation/reference/api/purging/ */
export function createFastlyPurge(options: FastlyOptions): PurgeApi {
  return {
    login: null,
    plan: (order) => plan(order, options),
    authorise: () => ({ 'fastly-key': options.token }),
    classify,
  }
}

function plan(order: PurgeOrder, { service, widen, endpoint }: FastlyOptions): PurgePlan {
  const planning = new Planning(widen)
  const whole: string[] = []
  const instead = `everything of the service${order.soft ? ', for good' : ''}`
  for (const { asked } of order.prefixes) {
    if (planning.mayWiden(asked, 'it knows no prefixes', instead)) whole.push(asked)
  }
  const [root] = order.roots
  if (root !== undefined && mayBeWhole(order, root.asked, planning)) whole.push(root.asked)
  if (whole.length > 0) {
    const url = `${endpoint}/service/${service}/purge_all`
    planning.calls.push({ method: 'POST', url, headers: {}, body: null, asked: [...new Set(whole)] })
  }
  const headers: Record<string, string> = order.soft ? { 'fastly-soft-purge': '1' } : {}
  for (const { host, path, query, asked } of order.urls) {
    const url = `${endpoint}/purge/${host}${path}${query}`
    planning.calls.push({ method: 'POST', url, headers, body: null, asked: [asked] })
  }
  for (const tags of inBatches(order.tags, MOST_KEYS)) {
    const body = JSON.stringify({ surrogate_keys: tags })
    const url = `${endpoint}/service/${service}/purge`
    const typed = { ...headers, 'content-type': 'application/json' }
    planning.calls.push({ method: 'POST', url, headers: typed, body, asked: tags.map(nameOfTag) })
  }
  return planning
}

/** All of a service goes at once and for good. */
function mayBeWhole({ shared, soft }: PurgeOrder, asked: string, planning: Planning): boolean {
  if (shared && !planning.mayWiden(asked, 'other sites are at this service', 'those too')) return false
  return !soft || planning.mayWiden(asked, 'all of a service has no soft purge', 'it for good')
}

function classify(answer: ApiAnswer): Meaning {
  const meaning = byStatus(answer)
  if (meaning !== null) return meaning
  const content = objectIn(answer.body)
  if (content === null) return GARBAGE
  // Of several keys the answer is the id of each purge.
  if (content.status === undefined || content.status === 'ok') return DONE
  return { kind: 'failed', reason: 'it says that it did not' }
}
