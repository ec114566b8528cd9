import type { ApiAnswer, CdnAddress, Meaning, NotPurged, PurgeCall, PurgeOrder } from './purge-api.ts'

/** A Plan in the making. */
export class Planning {
  readonly calls: PurgeCall[] = []
  readonly unsupported: NotPurged[] = []
  readonly widened: string[] = []
  readonly #widen: boolean

  /** @param widen more may be purged than was asked for, where no less can be */
  constructor(widen: boolean) {
    this.#widen = widen
  }

  refuse(asked: string, reason: string): void {
    this.unsupported.push({ asked, reason })
  }

  /** Whether more may be purged; it is in the plan then, or else that this was not purged. */
  mayWiden(asked: string, reason: string, instead: string): boolean {
    if (this.#widen) this.widened.push(`${asked}: ${instead}`)
    else this.refuse(asked, `${reason}; "widen" would purge ${instead}`)
    return this.#widen
  }

  /** Of a Cdn that knows no soft purges: whether it may be a hard one. */
  mayBeHard(order: PurgeOrder): boolean {
    if (!order.soft) return true
    const everything = namesOf(order)
    if (this.#widen) this.widened.push('soft: what is stored is removed')
    else for (const asked of everything) this.refuse(asked, 'it has no soft purge; "widen" would make it a hard one')
    return this.#widen
  }

  /** Where a Cdn knows whole folders only: the folder of a prefix, or null where it may not be purged. */
  folderOf(prefix: CdnAddress): CdnAddress | null {
    if (prefix.path.endsWith('/')) return prefix
    const path = prefix.path.slice(0, prefix.path.lastIndexOf('/') + 1)
    const may = this.mayWiden(prefix.asked, 'it purges whole folders only', `all of ${path}`)
    return may ? { ...prefix, path } : null
  }

  /** Hosts that are patterns are no hosts of URLs. */
  withHosts(roots: readonly CdnAddress[]): CdnAddress[] {
    return roots.filter((root) => {
      if (!root.host.includes('*')) return true
      this.refuse(root.asked, `it has to be told each host, and those of ${root.host} cannot be listed`)
      return false
    })
  }
}

/** What was asked for, each thing once. */
export function namesOf({ urls, prefixes, tags, roots }: PurgeOrder): string[] {
  const addresses = [...urls, ...prefixes, ...roots].map(({ asked }) => asked)
  return [...new Set([...addresses, ...tags.map(nameOfTag)])]
}

export function nameOfTag(tag: string): string {
  return `tag ${tag}`
}

export function inBatches<T>(items: readonly T[], most: number): T[][] {
  const batches: T[][] = []
  for (let at = 0; at < items.length; at += most) batches.push(items.slice(at, at + most))
  return batches
}

/** Items by what they have in common, in the order of their coming. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

/** What was asked for, of several addresses. */
export function askedOf(addresses: readonly CdnAddress[]): string[] {
  return [...new Set(addresses.map(({ asked }) => asked))]
}

/** A path in which `*` means itself, where the network takes it for everything. */
export function literal(path: string): string {
  return path.replaceAll('*', '%2A')
}

/**
 * What a status means by itself; of a good one nothing, its body has to say so.
 *
 * @param code of the error, as `inBrackets` gives it
 */
export function byStatus({ status }: ApiAnswer, code = ''): Bad | null {
  if (status >= 200 && status < 300) return null
  const reason = `it answers ${status}${code}`
  if (status === 408 || status === 425 || status === 429 || status >= 500) return { kind: 'retry', reason }
  const refused = status === 401 || status === 403
  return { kind: 'failed', reason: refused ? `the credentials are refused (${status})${code}` : reason }
}

export type Bad = Extract<Meaning, { readonly reason: string }>

export const DONE: Meaning = { kind: 'done' }

/** An answer that another server may have given, an intermediary for one. */
export const GARBAGE: Meaning = { kind: 'retry', reason: 'its answer makes no sense' }

/** The object in a body; null where there is none. */
export function objectIn(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** A code that an API gives an error, in brackets; empty where it is none. */
export function inBrackets(code: unknown): string {
  return code !== undefined && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(String(code)) ? ` (${code})` : ''
}
