import type { ProblemList } from '../problem-list.ts'
import { child, entries, items, type Located, text } from '../tree.ts'
import { checkDistinctUrls, checkTls } from './urls.ts'

/** Each CDN has endpoints in one of the two forms, and its settings fit them. */
export function checkCdns(root: Located, problems: ProblemList): void {
  for (const cdn of items(child(root, 'cdns'))) {
    checkForm(cdn, problems)
    const url = child(cdn, 'url')
    const urls = url === undefined ? items(child(cdn, 'endpoints')).map((endpoint) => child(endpoint, 'url')) : [url]
    checkDistinctUrls(urls, problems)
    checkTls(child(cdn, 'tls'), [...urls, ...overriddenUrls(root, text(child(cdn, 'name')))], problems)
    const trust = child(cdn, 'trust')
    if (trust?.value === false && text(child(cdn, 'provider')) === 'http') {
      problems.warn(trust, 'nothing can prove the bytes of an http CDN yet: with trust: false it is never used')
    }
  }
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
