import { combined, type Fields, linesOf } from './fields.ts'
import { members } from './list.ts'
import { normalise } from './normalise.ts'

/** Fields that we write ourselves about each client: what it sent of them does not say what an upstream saw. */
const ABOUT_CLIENTS = ['forwarded', 'x-forwarded-for']

/** Each look-up compares by each of them: what varies by more is taken for what varies by everything. */
const MOST_NAMES = 64

/** RFC 9111 section 4.1: `*` anywhere in Vary matches no further request, nor does what differs for each client. */
export function variesByEverything(fields: Fields): boolean {
  const names = linesOf(fields, 'vary').flatMap((line) => members(line.toLowerCase()))
  return names.length > MOST_NAMES || names.some((name) => name === '*' || ABOUT_CLIENTS.includes(name))
}

/**
 * The request fields that an answer was chosen by: lower case, sorted, once each. What has a coding was chosen by
 * Accept-Encoding, whether it says so or not: another client could not read it.
 */
export function varyNames(fields: Fields): string[] {
  const names = new Set(linesOf(fields, 'vary').flatMap((line) => members(line.toLowerCase())))
  if (isCoded(fields)) names.add('accept-encoding')
  return [...names].sort()
}

function isCoded(fields: Fields): boolean {
  const coding = combined(fields, 'content-encoding')
  return coding !== null && members(coding.toLowerCase()).some((one) => one !== 'identity')
}

/** What tells one request from another by these fields: equal texts, matching requests (RFC 9111 section 4.1). */
export function secondaryKey(names: readonly string[], request: Fields): string {
  return names.map((name) => `${name}:${textOf(request, name)}`).join('\n')
}

/** An absent field matches absent ones only: it has a text that no value has. */
function textOf(request: Fields, name: string): string {
  const value = combined(request, name)
  return value === null ? '\t' : normalise(name, value)
}

/** One of the answers that are stored for a URL. */
export interface Variant {
  readonly varyNames: readonly string[]
  readonly secondaryKey: string
  readonly fields: Fields
}

/**
 * The first variant that a request matches; the most recent must stand first (RFC 9111 section 4.1). Where none does,
 * one that is in the very language that the client wants most is as good as any (RFC 9110 section 12.5.4).
 */
export function selectVariant<Kind extends Variant>(variants: readonly Kind[], request: Fields): Kind | null {
  for (const variant of variants) {
    if (variant.varyNames.length === 0 || secondaryKey(variant.varyNames, request) === variant.secondaryKey) {
      return variant
    }
  }
  return variants.find((variant) => isInBestLanguage(variant, request)) ?? null
}

function isInBestLanguage(variant: Variant, request: Fields): boolean {
  if (!variant.varyNames.includes('accept-language')) return false
  const language = combined(variant.fields, 'content-language')?.toLowerCase()
  const wanted = combined(request, 'accept-language')
  if (language === undefined || wanted === null) return false
  // Its list is normalised: the most wanted first. A second one that is wanted as much may be what the server prefers.
  const [best, next] = normalise('accept-language', wanted).split(',')
  if (best !== language || (next !== undefined && !next.includes(';'))) return false
  const others = variant.varyNames.filter((name) => name !== 'accept-language')
  const stored = variant.secondaryKey.split('\n').filter((line) => !line.startsWith('accept-language:'))
  return secondaryKey(others, request) === stored.join('\n')
}
