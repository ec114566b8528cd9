import type { ApiAnswer, CdnAddress, PurgeOrder } from '../../src/purging/apis/purge-api.ts'

export const ID = '0b0c7a26-7c8e-4c0e-9d3a-3d0f5f3d9f10'

/** A URL, or the beginning of URLs, at a CDN. */
export function at(url: string, asked = url): CdnAddress {
  const [, scheme, host, path, query = ''] = /^(https?):\/\/([^/]+)(\/[^?]*)(\?.*)?$/.exec(url)!
  return { scheme: scheme!, host: host!, path: path!, query, asked }
}

export function order(over: Partial<PurgeOrder> = {}): PurgeOrder {
  return { id: ID, urls: [], prefixes: [], tags: [], roots: [], soft: false, shared: false, ...over }
}

export function answer(status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): ApiAnswer {
  return {
    status,
    header: (name) => headers[name] ?? null,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
}

export function manyUrls(count: number): CdnAddress[] {
  return Array.from({ length: count }, (_, index) => at(`https://cdn.example/${index}`))
}
