import type { Purge, PurgeTarget } from '../cache/purges.ts'
import { keyedQuery, type QueryKey } from '../cache/rules/key.ts'
import type { Site } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import { type Host, parseHost } from '../http/host.ts'
import { parseTarget } from '../http/target.ts'
import type { SiteFinder } from '../steering/match.ts'

/** A URL, or what URLs begin with, normalised as that of a request. */
export interface AskedUrl {
  /** `https://host/path?query` in its one spelling. */
  readonly text: string
  /** Lower-case, with a port that is not the scheme's own: those are other URLs, here and to caches. */
  readonly host: string
  /** As upstreams are asked for it, and in its one spelling: most often the same. */
  readonly paths: readonly string[]
  /** With their `?`, or empty: what keys make of the query. Of a prefix the empty one. */
  readonly queries: readonly string[]
}

/** What somebody wants to be purged of a Site. */
export interface AskedPurge {
  readonly site: Site
  readonly urls: readonly AskedUrl[]
  readonly prefixes: readonly AskedUrl[]
  readonly tags: readonly string[]
  readonly all: boolean
  readonly soft: boolean
  /** How long to wait for CDNs at most. Milliseconds. */
  readonly wait: number
}

export interface PurgeGround {
  readonly sites: readonly Site[]
  readonly findSite: SiteFinder
  /** What the caches of a Site's Policies make of queries. */
  queryKeys(site: Site): readonly QueryKey[]
}

/** Of each kind, in one purge. */
const MOST = { urls: 1000, prefixes: 50, tags: 256 } as const
const LONGEST_URL = 8192
/** Seconds. */
const LONGEST_WAIT = 120
const DEFAULT_WAIT = 10
const KEYS = ['site', 'urls', 'prefixes', 'tags', 'all', 'soft', 'wait']
/** Of Cache-Tag and Surrogate-Key, and of the APIs of all CDNs. */
const TAG = /^[\x21-\x2b\x2d-\x7e]{1,256}$/
const LAST_DOTS = /\/(?:\.|%2e){1,2}$/i

/** Reads the JSON of a purge. Of one that makes no sense, the error with its place. */
export function parseAskedPurge(body: unknown, ground: PurgeGround): AskedPurge | PolycdnError {
  try {
    return read(body, ground)
  } catch (thrown) {
    if (thrown instanceof PolycdnError) return thrown
    throw thrown
  }
}

/** What the caches here have to forget. A URL is purged of both schemes: its answers may be stored under either. */
export function localPurges({ site, urls, prefixes, tags, all, soft }: AskedPurge, at: number): Purge[] {
  const targets: PurgeTarget[] = all ? [{ kind: 'site' }] : []
  for (const [kind, asked] of [
    ['url', urls],
    ['prefix', prefixes],
  ] as const) {
    for (const value of new Set(asked.flatMap(spellings))) targets.push({ kind, value })
  }
  for (const value of tags) targets.push({ kind: 'tag', value })
  return targets.map((target) => ({ site: site.name, target, soft, at }))
}

function spellings({ host, paths, queries }: AskedUrl): string[] {
  return ['https', 'http'].flatMap((scheme) =>
    paths.flatMap((path) => queries.map((query) => `${scheme}://${host}${path}${query}`)),
  )
}

function read(body: unknown, ground: PurgeGround): AskedPurge {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw wrong('', 'expected a JSON object')
  const fields = body as Readonly<Record<string, unknown>>
  const unknown = Object.keys(fields).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) throw wrong(unknown.slice(0, 64), `unknown key; known are ${KEYS.join(', ')}`)
  if (typeof fields.site !== 'string') throw wrong('site', 'the name of a site is needed')
  const site = ground.sites.find(({ name }) => name === fields.site)
  if (site === undefined) {
    throw new PolycdnError('site_not_here', `site: no site is named ${JSON.stringify(fields.site.slice(0, 64))}`)
  }
  const keys = ground.queryKeys(site)
  const purge = {
    site,
    urls: listOf(fields, 'urls').map((text, at) => urlOf(text, `urls[${at}]`, { site, ground, keys })),
    prefixes: listOf(fields, 'prefixes').map((text, at) => prefixOf(text, `prefixes[${at}]`, { site, ground, keys })),
    tags: [...new Set(listOf(fields, 'tags').map((text, at) => tagOf(text, `tags[${at}]`)))],
    all: flagOf(fields, 'all'),
    soft: flagOf(fields, 'soft'),
    wait: waitOf(fields),
  }
  if (purge.all || purge.urls.length + purge.prefixes.length + purge.tags.length > 0) return purge
  throw wrong('', 'nothing to purge: urls, prefixes, tags or all is needed')
}

interface UrlGround {
  readonly site: Site
  readonly ground: PurgeGround
  readonly keys: readonly QueryKey[]
}

function urlOf(text: string, place: string, { site, ground, keys }: UrlGround): AskedUrl {
  if (text.length > LONGEST_URL) throw wrong(place, `longer than ${LONGEST_URL} characters`)
  const target = parseTarget(text, 'GET')
  if (target instanceof PolycdnError) throw new PolycdnError(target.code, `${place}: ${target.message}`)
  if (target.scheme === null) throw wrong(place, 'expected a URL such as https://www.example.com/a')
  const host = parseHost(target.authority!)
  if (host instanceof PolycdnError) throw new PolycdnError(host.code, `${place}: ${host.message}`)
  if (ground.findSite(host.name) !== site) {
    throw new PolycdnError(
      'host_elsewhere',
      `${place}: ${host.name} is no host of the site ${JSON.stringify(site.name)}`,
    )
  }
  const authority = authorityOf(host, target.scheme)
  return {
    text: `${target.scheme}://${authority}${target.matchPath}${target.query}`,
    host: authority,
    paths: [...new Set([target.path, target.matchPath])],
    queries: [...new Set([target.query, ...keys.map((key) => keyedQuery(target.query, key))])],
  }
}

function authorityOf({ name, authority }: Host, scheme: 'http' | 'https'): string {
  const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? 0)
  return port === 0 || port === (scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`
}

/** Of queries keys may drop and sort parameters: a part of one is a prefix of nothing. */
function prefixOf(text: string, place: string, where: UrlGround): AskedUrl {
  if (text.includes('?')) throw wrong(place, 'a prefix has no query')
  // `/a/.` is the beginning of `/a/.well-known`, and yet as a path it is `/a/`.
  if (LAST_DOTS.test(text)) throw wrong(place, 'a prefix does not end with a dot segment')
  return urlOf(text, place, where)
}

function tagOf(text: string, place: string): string {
  if (TAG.test(text)) return text
  throw wrong(place, 'expected a tag of 1 to 256 visible ASCII characters without commas')
}

function listOf(fields: Readonly<Record<string, unknown>>, key: keyof typeof MOST): readonly string[] {
  const list = fields[key] ?? []
  if (!Array.isArray(list)) throw wrong(key, 'expected a list')
  if (list.length > MOST[key]) throw wrong(key, `at most ${MOST[key]}, got ${list.length}`)
  const odd = list.findIndex((item) => typeof item !== 'string')
  if (odd !== -1) throw wrong(`${key}[${odd}]`, 'expected a text')
  return list
}

function flagOf(fields: Readonly<Record<string, unknown>>, key: 'all' | 'soft'): boolean {
  const flag = fields[key] ?? false
  if (typeof flag !== 'boolean') throw wrong(key, 'expected true or false')
  return flag
}

function waitOf({ wait = DEFAULT_WAIT }: Readonly<Record<string, unknown>>): number {
  if (typeof wait !== 'number' || !(wait >= 0 && wait <= LONGEST_WAIT)) {
    throw wrong('wait', `expected seconds from 0 to ${LONGEST_WAIT}`)
  }
  return wait * 1000
}

function wrong(place: string, message: string): PolycdnError {
  return new PolycdnError('bad_request', place === '' ? message : `${place}: ${message}`)
}
