import type { HttpTarget, Provider } from './provider.ts'

/**
 * The request target at an endpoint for a client's target (`/path?query`, as it was sent). Its bytes stay as they are:
 * nothing is decoded, normalised or dropped, so that two spellings stay two resources.
 *
 * @param reference what the network calls the object, where its template asks for `{ref}`; the client's target is not
 *   part of it then
 */
export function planHttp(endpoint: HttpTarget, target: string, reference: string | null = null): string {
  const { basePath, pathTemplate } = endpoint
  if (pathTemplate === '{path}') return basePath + target
  if (pathTemplate.includes('{ref}')) return basePath + pathTemplate.replace('{ref}', () => reference ?? '')
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark)
  const slot = pathTemplate.indexOf('{path}')
  return basePath + pathTemplate.slice(0, slot) + path + pathTemplate.slice(slot + '{path}'.length) + query
}

/** Any HTTP server. */
export const http: Provider = {
  trustByDefault: true,
  proof: 'manifest',
  pathTemplate: '{path}',
  probe: null,
  plan: planHttp,
}
