/** What planning needs to know of an endpoint. */
export interface HttpTarget {
  readonly basePath: string
  /** Contains `{path}` exactly once. */
  readonly pathTemplate: string
}

/**
 * The request target at an endpoint for a client's target (`/path?query`, as it was sent). Its bytes stay as they are:
 * nothing is decoded, normalised or dropped, so that two spellings stay two resources.
 */
export function planHttp(endpoint: HttpTarget, target: string): string {
  const { basePath, pathTemplate } = endpoint
  if (pathTemplate === '{path}') return basePath + target
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark)
  const slot = pathTemplate.indexOf('{path}')
  return basePath + pathTemplate.slice(0, slot) + path + pathTemplate.slice(slot + '{path}'.length) + query
}
