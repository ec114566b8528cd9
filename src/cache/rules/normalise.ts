import { members, trimBlanks } from './list.ts'

/**
 * One text for values that mean the same, as far as the definition of a field lets that be known (RFC 9111 section 4.1).
 *
 * @param name in lower case
 */
export function normalise(name: string, value: string): string {
  if (name === 'accept-encoding') return foldedCoding(value)
  if (name === 'accept-language') return byPreference(value.toLowerCase()).join(',')
  // RFC 9110 sections 12.5.1 and 12.5.2: names are case-insensitive, the order of a list means nothing.
  if (name === 'accept-charset') return byPreference(value.toLowerCase()).join(',')
  if (ONE_VALUE.has(name)) return trimBlanks(value)
  // Any proxy may join lines with a comma and optional blanks (RFC 9110 section 5.3), so blanks there mean nothing.
  return members(value).join(',')
}

/** Fields whose value is no list: a comma in them is a part of it. */
const ONE_VALUE = new Set([
  'authorization',
  'cookie',
  'date',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'origin',
  'referer',
  'user-agent',
])

/** Which of the codings that upstreams are asked for a client takes: who takes the same gets the same. */
function foldedCoding(value: string): string {
  const br = accepts(BR, value)
  const gzip = accepts(GZIP, value)
  if (br) return gzip ? 'br,gzip' : 'br'
  return gzip ? 'gzip' : 'identity'
}

/** Patterns, because this is done for each request. */
const BR = /(?:^|,)[ \t]*br[ \t]*(?:;[ \t]*q=([^,]*))?(?=,|$)/i
const GZIP = /(?:^|,)[ \t]*gzip[ \t]*(?:;[ \t]*q=([^,]*))?(?=,|$)/i

function accepts(coding: RegExp, value: string): boolean {
  const match = coding.exec(value)
  return match !== null && (match[1] === undefined || Number(match[1]) > 0)
}

/** Browsers send a handful. Longer lists are compared as they are: sorting them for each variant would cost too much. */
const MOST_MEMBERS = 64

/** Members that are accepted at all, the most wanted first, equals by name: RFC 9110 section 12.4.2. */
function byPreference(value: string): string[] {
  const listed = members(value)
  if (listed.length > MOST_MEMBERS) return listed
  const weighed = listed.map((member) => {
    const [name, ...parameters] = member.split(';').map(trimBlanks)
    const weight = parameters.find((one) => one.startsWith('q='))
    return { name: name!, q: weight === undefined ? 1 : Number(weight.slice(2)) || 0 }
  })
  const sorted = weighed.filter(({ q }) => q > 0).sort((a, b) => b.q - a.q || (a.name < b.name ? -1 : 1))
  // The first is wanted most, whatever its weight is; the weights of the others are kept.
  const most = sorted[0]?.q
  return [...new Set(sorted.map(({ name, q }) => (q === most ? name : `${name};q=${q}`)))]
}
