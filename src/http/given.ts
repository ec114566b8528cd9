import { didYouMean } from '../config/nearest.ts'
import type { Snapshot } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'
import { type Given, SUPPOSITIONS, type Supposition } from '../steering/given.ts'

/**
 * Reads `unhealthy=a,b` or `unhealthy:a`, each naming CDNs or URLs of their endpoints. An unknown state or name is a
 * bad_request that says the nearest one; so is a name with two states.
 */
export function parseGiven(
  texts: readonly string[],
  { cdns, endpoints }: Pick<Snapshot, 'cdns' | 'endpoints'>,
): Given | PolycdnError {
  const urls = endpoints.filter(({ cdn }) => cdn !== null).map(({ url }) => url)
  const known = new Set([...cdns.map(({ name }) => name), ...urls])
  const given = new Map<string, Supposition>()
  for (const text of texts) {
    const separator = text.search(/[=:]/)
    const state = separator === -1 ? text : text.slice(0, separator)
    const names = separator === -1 ? [] : text.slice(separator + 1).split(',')
    if (!isSupposition(state)) {
      const near = didYouMean(state, SUPPOSITIONS) || `; it is one of ${SUPPOSITIONS.join(', ')}`
      return bad(`${quote(state)} is nothing that can be given${near}`)
    }
    if (names.length === 0) return bad(`given ${state} needs names of CDNs, as in ${state}=a,b`)
    for (const name of names.map((name) => name.trim())) {
      if (!known.has(name)) return bad(`no CDN is named ${quote(name)}${didYouMean(name, known)}`)
      const before = given.get(name)
      if (before !== undefined && before !== state) return bad(`${quote(name)} is given as ${before} and as ${state}`)
      given.set(name, state)
    }
  }
  return given
}

function isSupposition(text: string): text is Supposition {
  return (SUPPOSITIONS as readonly string[]).includes(text)
}

function bad(message: string): PolycdnError {
  return new PolycdnError('bad_request', message)
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)
}
