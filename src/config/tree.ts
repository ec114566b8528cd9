export type Scalar = string | number | boolean | null

/**
 * A value of the configuration file with its place: what the checks walk over and what a problem points at.
 * Variables are substituted already, and aliases are expanded.
 */
export interface Located {
  /** `sites[0].routes[1].policy`; empty for the root. */
  readonly path: string
  /** Where the value begins, in characters of the text. */
  readonly offset: number
  /** Where its key begins; the value's own place outside of a map. */
  readonly keyOffset: number
  /** It came from the environment or stands under a key that holds secrets: it is never printed. */
  readonly secret: boolean
  /** A problem was reported here already; another would only repeat it. */
  readonly broken: boolean
  readonly value: Scalar | readonly Located[] | ReadonlyMap<string, Located>
}

export type Path = readonly PropertyKey[]

export function isList(value: Located['value']): value is readonly Located[] {
  return Array.isArray(value)
}

export function isMap(value: Located['value']): value is ReadonlyMap<string, Located> {
  return value instanceof Map
}

/** The entry of a map; undefined where there is none, or no map. */
export function child(node: Located | undefined, key: string): Located | undefined {
  return node !== undefined && isMap(node.value) ? node.value.get(key) : undefined
}

/** The items of a list; nothing where there is no list. */
export function items(node: Located | undefined): readonly Located[] {
  return node !== undefined && isList(node.value) ? node.value : []
}

/** The entries of a map; nothing where there is no map. */
export function entries(node: Located | undefined): readonly (readonly [key: string, value: Located])[] {
  return node !== undefined && isMap(node.value) ? [...node.value] : []
}

/** The value when it is a string. */
export function text(node: Located | undefined): string | undefined {
  return typeof node?.value === 'string' ? node.value : undefined
}

/** The value for a message: quoted, or `this name` where it must not be shown. */
export function shown(node: Located, noun = 'name'): string {
  return node.secret ? `this ${noun}` : JSON.stringify(node.value)
}

/** Follows a path as far as the tree goes. `missing` is the first step that is not there. */
export function descend(root: Located, path: Path): { readonly node: Located; readonly missing: string | undefined } {
  let node = root
  for (const step of path) {
    const next = isList(node.value) ? node.value[Number(step)] : child(node, String(step))
    if (next === undefined) return { node, missing: String(step) }
    node = next
  }
  return { node, missing: undefined }
}

/** The plain data of the tree. Maps have no prototype, so that no key can mean anything but itself. */
export function toPlain({ value }: Located): unknown {
  if (isList(value)) return value.map(toPlain)
  if (!isMap(value)) return value
  const plain: Record<string, unknown> = Object.create(null)
  for (const [key, entry] of value) plain[key] = toPlain(entry)
  return plain
}
