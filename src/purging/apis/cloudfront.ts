import { type AwsCredentials, signForAws } from './aws-signature.ts'
import { byStatus, DONE, GARBAGE, inBatches, inBrackets, literal, nameOfTag, Planning } from './planning.ts'
import type { ApiAnswer, CdnAddress, Meaning, PurgeApi, PurgeOrder, PurgePlan } from './purge-api.ts'

export interface CloudfrontOptions extends AwsCredentials {
  readonly distribution: string
  /** The distribution reads tags: it has a CacheTagConfig. */
  readonly tags: boolean
  readonly widen: boolean
  readonly endpoint: string
}

/** What may be under way at a time: files, and wildcards. */
const MOST_PATHS = 3000
const MOST_WILDCARDS = 15
/** Errors that time heals, though their status is 400. */
const PASSING = new Set(['TooManyInvalidationsInProgress', 'Throttling', 'ThrottlingException', 'RequestLimitExceeded'])

/** An item of a batch: a path, with or without a wildcard, or a tag. */
interface Item {
  readonly path: string
  readonly asked: string
}

/**
 * Invalidations of CloudFront. Paths count in all hosts of a distribution.
 * https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
 */
export function createCloudfrontPurge(options: CloudfrontOptions): PurgeApi {
  const url = `${options.endpoint}/2020-05-31/distribution/${options.distribution}/invalidation`
  return {
    login: null,
    plan: (order) => plan(order, url, options),
    authorise: (call, { now }) => signForAws(call, options, { region: 'us-east-1', service: 'cloudfront' }, now),
    classify: (answer) => classify(answer, url),
  }
}

function plan(order: PurgeOrder, url: string, { tags: readsTags, widen }: CloudfrontOptions): PurgePlan {
  const planning = new Planning(widen)
  if (!planning.mayBeHard(order)) return planning
  const literals = order.urls.map(itemOf('', true))
  const wildcards = [...order.prefixes.map(itemOf('*', false)), ...wholeOf(order, planning).map(itemOf('*', false))]
  const tags: Item[] = []
  for (const tag of order.tags) {
    if (readsTags) tags.push({ path: `#${tag}`, asked: nameOfTag(tag) })
    else if (planning.mayWiden(nameOfTag(tag), 'the distribution reads no tags ("tags")', 'everything there')) {
      wildcards.push({ path: '/*', asked: nameOfTag(tag) })
    }
  }
  const batches = [...inBatches([...literals, ...tags], MOST_PATHS), ...inBatches(wildcards, MOST_WILDCARDS)]
  batches.forEach((batch, index) => {
    const body = bodyOf(batch, `${order.id}-${index}`)
    const asked = [...new Set(batch.map((item) => item.asked))]
    planning.calls.push({ method: 'POST', url, headers: { 'content-type': 'application/xml' }, body, asked })
  })
  return planning
}

/** A distribution does not tell hosts apart: all of one Site may be all of others. */
function wholeOf({ roots, shared }: PurgeOrder, planning: Planning): readonly CdnAddress[] {
  const [first] = roots
  if (first === undefined || !shared) return roots
  const whole = roots.every(({ path }) => path !== '/')
  const may = whole || planning.mayWiden(first.asked, 'other sites are at this distribution', 'those too')
  return may ? roots : []
}

function itemOf(ending: string, isLiteral: boolean) {
  return ({ path, query, asked }: CdnAddress): Item => {
    const target = path + query
    return { path: (isLiteral ? literal(target) : literal(path)) + ending, asked }
  }
}

function bodyOf(batch: readonly Item[], reference: string): string {
  const paths = [...new Set(batch.map(({ path }) => path))]
  const items = paths.map((path) => `<Path>${escapeXml(path)}</Path>`).join('')
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">',
    `<Paths><Quantity>${paths.length}</Quantity><Items>${items}</Items></Paths>`,
    `<CallerReference>${reference}</CallerReference>`,
    '</InvalidationBatch>',
  ].join('')
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function classify(answer: ApiAnswer, url: string): Meaning {
  const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(answer.body)?.[1] ?? ''
  const meaning = byStatus(answer, inBrackets(code))
  if (meaning !== null) return PASSING.has(code) ? { ...meaning, kind: 'retry' } : meaning
  const id = /<Id>([A-Za-z0-9]{1,64})<\/Id>/.exec(answer.body)?.[1]
  const status = /<Status>([A-Za-z]{1,32})<\/Status>/.exec(answer.body)?.[1]
  if (id === undefined || status === undefined) return GARBAGE
  if (status === 'Completed') return DONE
  return { kind: 'accepted', progress: { method: 'GET', url: `${url}/${id}`, headers: {}, body: null } }
}
