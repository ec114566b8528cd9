import { isIP } from 'node:net'
import { isPrivateAddress } from '../../delivery/private-address.ts'
import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, text } from '../tree.ts'
import { parseRedirectHost } from '../values/redirect-host.ts'
import { checkDistinctUrls, checkTls, urlOf } from './urls.ts'
import { isTrusted } from './usage.ts'

/** Each CDN has endpoints in one of the two forms, and its settings fit them. */
export function checkCdns(root: Located, problems: ProblemList): void {
  for (const cdn of items(child(root, 'cdns'))) {
    checkForm(cdn, problems)
    const url = child(cdn, 'url')
    const urls = url === undefined ? items(child(cdn, 'endpoints')).map((endpoint) => child(endpoint, 'url')) : [url]
    checkDistinctUrls(urls, problems)
    checkPrivate(cdn, [...urls, ...overriddenUrls(root, text(child(cdn, 'name')))], problems)
    checkTls(child(cdn, 'tls'), [...urls, ...overriddenUrls(root, text(child(cdn, 'name')))], problems)
  }
}

/** Nobody looks up an address that stands in a URL, so it is judged here: as dialled, whatever its spelling. */
function checkPrivate(cdn: Located, urls: readonly (Located | undefined)[], problems: ProblemList): void {
  if (!isTrusted(cdn) && child(cdn, 'allow_private')?.value !== true) checkPublic(urls, problems)
  for (const node of items(child(cdn, 'redirect_hosts'))) {
    const hostname = parseRedirectHost(node.value)
      ?.replace(/:\d+$/, '')
      .replace(/^\[|\]$/g, '')
    if (hostname === undefined || !isPrivateLiteral(hostname)) continue
    problems.error(node, `${hostname} is a private address, and no redirect is followed to one`)
  }
}

function checkPublic(urls: readonly (Located | undefined)[], problems: ProblemList): void {
  for (const node of urls) {
    const { hostname } = urlOf(node) ?? {}
    if (node === undefined || hostname === undefined || !isPrivateLiteral(hostname)) continue
    problems.error(node, `${hostname} is a private address: with trust: false that needs allow_private: true`)
  }
}

function isPrivateLiteral(hostname: string): boolean {
  return isIP(hostname) !== 0 && isPrivateAddress(hostname)
}

function checkForm(cdn: Located, problems: ProblemList): void {
  const endpoints = child(cdn, 'endpoints')
  const url = child(cdn, 'url')
  if (endpoints !== undefined && url !== undefined) {
    problems.errorAtKey(endpoints, 'a CDN has either "url" or "endpoints", not both')
  }
  if (endpoints === undefined && url === undefined && entries(cdn).length > 0) {
    problems.error(cdn, 'needs "url" or "endpoints"')
  }
  for (const endpoint of items(endpoints)) {
    const locations = child(endpoint, 'locations')
    if (locations !== undefined && child(endpoint, 'location') !== undefined) {
      problems.errorAtKey(locations, 'an endpoint has either "location" or "locations", not both')
    }
  }
}

function overriddenUrls(root: Located, name: string | undefined): readonly Located[] {
  if (name === undefined) return []
  return items(child(root, 'sites'))
    .map((site) => child(child(child(site, 'cdns'), name), 'url'))
    .filter((url) => url !== undefined)
}
