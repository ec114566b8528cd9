import { networkWeight } from './geo-cities.ts'
import type { GeoSourceFile } from './geo-source.ts'
import { leaf, NOTHING, type NodeTable } from './mmdb-tree.ts'

/** Cells with weights, in no order; null: too many of them, or a network that nothing is known of is among them. */
type Histogram = { readonly cells: number[]; readonly weights: number[] } | null

interface Branch {
  readonly cost: number
  readonly reference: number
  readonly histogram: Histogram
}

export interface PruneOptions {
  /** Cell of a record of the source's tree. */
  readonly cellOf: (record: number) => number | undefined
  /** A square table: how wrong it is to say b where it is a. */
  readonly wrongness: Float32Array
  readonly cellCount: number
  /** What a node must save in wrongness to be kept. */
  readonly nodePrice: number
}

const MOST_CELLS = 40
const MOST_CANDIDATES = 10
const EMPTY: Branch = { cost: 0, reference: NOTHING, histogram: null }

/**
 * The smaller tree that says almost the same: from the bottom up, a node stays where it saves more wrongness than it
 * costs, else it becomes the one cell that is the least wrong for all below it. What the source does not know stays
 * unknown, exactly.
 */
export function prune(source: GeoSourceFile, table: NodeTable, options: PruneOptions): number {
  const step = (record: number, depth: number): Branch => {
    if (record === source.nodeCount) return EMPTY
    if (record > source.nodeCount) {
      const cell = options.cellOf(record)
      if (cell === undefined) return EMPTY
      const weights = [networkWeight(source.ipVersion, depth)]
      return { cost: 0, reference: leaf(cell), histogram: { cells: [cell], weights } }
    }
    return join(step(source.left(record), depth + 1), step(source.right(record), depth + 1), table, options)
  }
  return step(0, 0).reference
}

function join(left: Branch, right: Branch, table: NodeTable, options: PruneOptions): Branch {
  const histogram = merge(left.histogram, right.histogram)
  const kept = left.cost + right.cost + options.nodePrice
  if (histogram !== null) {
    const { cell, cost } = leastWrong(histogram, options, kept)
    if (cost <= kept) return { cost, reference: leaf(cell), histogram }
  }
  const reference = table.node(left.reference, right.reference)
  return { cost: reference < 0 ? left.cost + right.cost : kept, reference, histogram }
}

function merge(a: Histogram, b: Histogram): Histogram {
  if (a === null || b === null) return null
  const cells = a.cells.slice()
  const weights = a.weights.slice()
  for (const [index, cell] of b.cells.entries()) {
    const at = cells.indexOf(cell)
    if (at >= 0) weights[at]! += b.weights[index]!
    else weights[cells.push(cell) - 1] = b.weights[index]!
  }
  return cells.length <= MOST_CELLS ? { cells, weights } : null
}

/** Only the heaviest cells are candidates: the least wrong one is among them for all that matters. */
function leastWrong({ cells, weights }: NonNullable<Histogram>, options: PruneOptions, limit: number) {
  const candidates =
    cells.length <= MOST_CANDIDATES
      ? cells
      : cells
          .map((cell, index) => ({ cell, weight: weights[index]! }))
          .sort((x, y) => y.weight - x.weight || x.cell - y.cell)
          .slice(0, MOST_CANDIDATES)
          .map(({ cell }) => cell)
  let best = { cell: cells[0]!, cost: Number.POSITIVE_INFINITY }
  for (const cell of candidates) {
    let cost = 0
    for (let index = 0; index < cells.length && cost < best.cost && cost <= limit; index++) {
      cost += weights[index]! * options.wrongness[cells[index]! * options.cellCount + cell]!
    }
    if (cost < best.cost && cost <= limit) best = { cell, cost }
  }
  return best
}
