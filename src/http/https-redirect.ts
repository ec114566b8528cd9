import { PolycdnError } from '../errors.ts'
import type { Host } from './host.ts'
import type { Target } from './target.ts'

/** A request came in the clear to where only https is spoken. */
export class HttpsRequired extends PolycdnError {
  /** Where else to ask: the same URL with https. A flat list. */
  readonly fields: readonly string[]

  /**
   * @param port where https is spoken. Only a client that names a port itself is told one: another may come through a
   *   port that is mapped to ours, as the standard ones of containers are
   */
  constructor(host: Host, target: Target, port: number) {
    super('https_required', 'only https is spoken here')
    const named = host.authority.length > host.name.length && /:\d+$/.test(host.authority)
    const authority = named && port !== 443 ? `${host.name}:${port}` : host.name
    this.fields = ['location', `https://${authority}${target.path === '*' ? '/' : target.path}${target.query}`]
  }
}
