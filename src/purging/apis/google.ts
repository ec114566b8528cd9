import { createHash } from 'node:crypto'
import { byStatus, DONE, GARBAGE, inBatches, inBrackets, literal, nameOfTag, objectIn, Planning } from './planning.ts'
import type { ApiAnswer, Login, Meaning, PurgeApi, PurgeOrder, PurgePlan } from './purge-api.ts'
import { createServiceAccountLogin } from './service-account.ts'

export interface GooglePurgeOptions {
  readonly project: string
  readonly urlMap: string
  /** JSON of a service account's key; null: there is a token. */
  readonly serviceAccount: string | null
  /** An access token, which lives for an hour at most; null: there is a service account. */
  readonly token: string | null
  readonly widen: boolean
  readonly endpoint: string
}

/** Tags of one call. */
const MOST_TAGS = 10

/**
 * Invalidations of Cloud CDN. A path means all its queries; a prefix is a whole folder.
 * https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps/invalidateCache
 */
export function createGooglePurge(options: GooglePurgeOptions): PurgeApi {
  const base = `${options.endpoint}/compute/v1/projects/${options.project}/global`
  const { serviceAccount, token: given } = options
  const login: Login | null = serviceAccount === null ? null : createServiceAccountLogin(serviceAccount)
  return {
    login,
    plan: (order) => plan(order, `${base}/urlMaps/${options.urlMap}/invalidateCache`, options.widen),
    authorise: (_call, { token }) => ({ authorization: `Bearer ${given ?? token}` }),
    classify: (answer) => classify(answer, `${base}/operations/`),
  }
}

function plan(order: PurgeOrder, url: string, widen: boolean): PurgePlan {
  const planning = new Planning(widen)
  if (!planning.mayBeHard(order)) return planning
  const add = (rule: object, asked: readonly string[]) => {
    const body = JSON.stringify(rule)
    const headers = { 'content-type': 'application/json' }
    planning.calls.push({ method: 'POST', url: `${url}?requestId=${idOf(order.id, body)}`, headers, body, asked })
  }
  const rules = new Map<string, Set<string>>()
  const note = (host: string, path: string, asked: string) => {
    const rule = JSON.stringify({ host, path })
    rules.set(rule, (rules.get(rule) ?? new Set()).add(asked))
  }
  for (const { host, path, asked } of order.urls) note(host, literal(path), asked)
  const folders = order.prefixes.map((prefix) => planning.folderOf(prefix)).filter((prefix) => prefix !== null)
  for (const { host, path, asked } of [...folders, ...planning.withHosts(order.roots)]) {
    note(host, `${literal(path)}*`, asked)
  }
  for (const [rule, asked] of rules) add(JSON.parse(rule), [...asked])
  for (const cacheTags of inBatches(order.tags, MOST_TAGS)) add({ cacheTags }, cacheTags.map(nameOfTag))
  return planning
}

/** A UUID of its own for each call of an order: one that is repeated is done once. */
function idOf(order: string, body: string): string {
  const digits = createHash('sha256').update(`${order}\n${body}`).digest('hex')
  const variant = `${digits.slice(0, 12)}5${digits.slice(13, 16)}8${digits.slice(17, 32)}`
  return variant.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function classify(answer: ApiAnswer, operations: string): Meaning {
  const content = objectIn(answer.body)
  const meaning = byStatus(answer)
  if (meaning !== null) return meaning
  const { name, status, error } = content ?? {}
  if (typeof name !== 'string' || !/^[a-z0-9-]{1,128}$/.test(name)) return GARBAGE
  if (status === 'DONE') return error === undefined ? DONE : { kind: 'failed', reason: `it did not${codeOf(error)}` }
  if (status !== 'PENDING' && status !== 'RUNNING') return GARBAGE
  return { kind: 'accepted', progress: { method: 'GET', url: operations + name, headers: {}, body: null } }
}

function codeOf(error: unknown): string {
  const { errors } = (error ?? {}) as { readonly errors?: unknown }
  return Array.isArray(errors) ? inBrackets(errors[0]?.code) : ''
}
