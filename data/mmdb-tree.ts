/**
 * A binary search tree as the MaxMind DB format has it. A reference of 0 or more is a node, NOTHING a network that
 * nothing is known of, and `leaf(i)` the value i. Nodes may be shared: equal subtrees need to exist only once.
 */
export interface MmdbTree {
  readonly left: number[]
  readonly right: number[]
  readonly root: number
}

export const NOTHING = -1

/** The reference of the value with this index. */
export const leaf = (index: number): number => -2 - index

/** The index of the value that a reference below NOTHING stands for. */
export const leafIndex = (reference: number): number => -2 - reference

/** Makes nodes, and gives the existing one when an equal node was made before. Two equal children become one. */
export class NodeTable {
  readonly left: number[] = []
  readonly right: number[] = []
  readonly #known = new Map<number, number>()

  node(left: number, right: number): number {
    if (left === right && left < 0) return left
    // References stay far below 2^25, so a pair is a unique safe integer.
    const pair = (left + 0x2000000) * 0x4000000 + (right + 0x2000000)
    const known = this.#known.get(pair)
    if (known !== undefined) return known
    const made = this.left.push(left) - 1
    this.right.push(right)
    this.#known.set(pair, made)
    return made
  }

  /** `into` with `reference` in the place of its first network (all bits zero) of `depth` bits. */
  graft(into: number, reference: number, depth: number): number {
    if (depth === 0) return reference
    const [left, right] = into < 0 ? [into, into] : [this.left[into]!, this.right[into]!]
    return this.node(this.graft(left, reference, depth - 1), right)
  }

  tree(root: number): MmdbTree {
    return { left: this.left, right: this.right, root }
  }
}

/** The nodes that the root reaches, numbered from 0 in the order of a walk that goes left first. */
export function compact(tree: MmdbTree): MmdbTree {
  if (tree.root < 0) return { left: [tree.root], right: [tree.root], root: 0 }
  const number = new Map<number, number>()
  const order: number[] = []
  const pending = [tree.root]
  while (pending.length > 0) {
    const node = pending.pop()!
    if (node < 0 || number.has(node)) continue
    number.set(node, order.length)
    order.push(node)
    pending.push(tree.right[node]!, tree.left[node]!)
  }
  const renumber = (reference: number) => (reference < 0 ? reference : number.get(reference)!)
  return {
    left: order.map((node) => renumber(tree.left[node]!)),
    right: order.map((node) => renumber(tree.right[node]!)),
    root: 0,
  }
}
