import { ProofError } from '../proof.ts'
import type { Block } from './block.ts'
import { equalBytes } from './block.ts'
import type { BlockSource, Surroundings } from './block-source.ts'
import { decodeNode, type FileChild, type FileNode } from './unixfs.ts'

const MAX_DEPTH = 32
/** Blocks without a byte of the file, of which a DAG could have endlessly many. */
const MAX_EMPTY = 1024

/** The children of a node that is being walked. */
interface Frame {
  readonly children: readonly FileChild[]
  /** The first child that was not passed over. */
  start: number
  index: number
}

/**
 * Bytes `first` to `last` of a file whose root node is verified, in order. Only nodes in the range are asked for; each
 * has to be as long as its parent says, so that no other bytes than the file's come out. Memory: one node a level.
 */
export async function* walkFile(
  source: BlockSource,
  root: FileNode,
  first: number,
  last: number,
): AsyncGenerator<Uint8Array, void, void> {
  yield* within(root.own, 0, first, last)
  let at = root.own.size
  let empty = 0
  const stack: Frame[] = [{ children: root.children, start: 0, index: 0 }]
  const around = new Stack(stack, last)
  while (at <= last) {
    const frame = stack.at(-1)
    if (frame === undefined) throw new ProofError('unproved', 'a file ends before its size')
    const child = frame.children[frame.index]
    if (child === undefined) {
      stack.pop()
      continue
    }
    if (at + child.size <= first && (child.size > 0 || at < first)) {
      at += child.size
      around.pass(frame)
      continue
    }
    if (child.size === 0 && ++empty > MAX_EMPTY) throw new ProofError('too-large', 'a file of too many empty blocks')
    around.at = at
    const node = decodeNode(child.cid, await source.take(child.cid, around))
    if (node.kind !== 'file' || node.size !== child.size) throw new ProofError('unproved', 'a file contradicts itself')
    frame.index++
    yield* within(node.own, at, first, last)
    at += node.own.size
    if (node.children.length === 0) continue
    if (stack.length >= MAX_DEPTH) throw new ProofError('too-large', 'a file is too deep')
    stack.push({ children: node.children, start: 0, index: 0 })
  }
}

class Stack implements Surroundings {
  /** Where in the file the child begins that is being asked for. */
  at = 0
  readonly #frames: readonly Frame[]
  readonly #last: number
  /** Frames with children that were passed over: one a level, at the edge of the range. Kept: a CAR may be behind. */
  readonly #passed: Frame[] = []

  constructor(frames: readonly Frame[], last: number) {
    this.#frames = frames
    this.#last = last
  }

  pass(frame: Frame): void {
    if (frame.start === 0) this.#passed.push(frame)
    frame.start = ++frame.index
  }

  *ahead(): Generator<FileChild> {
    const { children, index } = this.#frames.at(-1)!
    let end = this.at + children[index]!.size
    for (let next = index + 1; next < children.length && end <= this.#last; next++) {
      yield children[next]!
      end += children[next]!.size
    }
  }

  standing(cid: Uint8Array): 'skipped' | 'later' | null {
    const isAt = (from: number, to: number, { children }: Frame) =>
      children.slice(from, to).some((child) => equalBytes(child.cid.bytes, cid))
    if (this.#passed.some((frame) => isAt(0, frame.start, frame))) return 'skipped'
    return this.#frames.some((frame) => isAt(frame.index, Number.POSITIVE_INFINITY, frame)) ? 'later' : null
  }
}

/** The parts of a block that starts at `at`, as far as they are between `first` and `last`. */
function* within({ parts }: Block, at: number, first: number, last: number): Generator<Uint8Array> {
  let start = at
  for (const part of parts) {
    const from = Math.max(0, first - start)
    const to = Math.min(part.length, last + 1 - start)
    if (from < to) yield from === 0 && to === part.length ? part : part.subarray(from, to)
    start += part.length
  }
}
