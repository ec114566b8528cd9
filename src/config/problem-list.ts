import type { Problem } from './problem.ts'
import type { Located } from './tree.ts'

/** More would not be read, and a hostile file could make millions. */
const MOST = 200

/** Collects problems with their places. The same problem at the same place counts once: aliases and `extends` repeat. */
export class ProblemList {
  readonly file: string
  readonly #lineStarts: readonly number[]
  readonly #found = new Map<string, { readonly offset: number; readonly problem: Problem }>()
  #dropped = 0
  #errors = 0

  constructor(file: string, text: string) {
    this.file = file
    const starts = [0]
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#lineStarts = starts
  }

  get hasErrors(): boolean {
    return this.#errors > 0
  }

  /** Further problems are only counted: it is not worth finding good words for them. */
  get isFull(): boolean {
    return this.#found.size >= MOST
  }

  /** A problem with a value, shown where the value begins. */
  error(node: Located, message: string): void {
    this.at(node.offset, node.path, message)
  }

  /** A problem with a key, shown where the key begins. */
  errorAtKey(node: Located, message: string): void {
    this.at(node.keyOffset, node.path, message)
  }

  warn(node: Located, message: string): void {
    this.at(node.offset, node.path, message, 'warning')
  }

  at(offset: number, path: string, message: string, severity: Problem['severity'] = 'error'): void {
    const identity = `${offset} ${path} ${message}`
    if (this.#found.has(identity)) return
    if (severity === 'error') this.#errors++
    if (this.#found.size >= MOST) {
      this.#dropped++
      return
    }
    const problem = { file: this.file, ...this.place(offset), path, message, severity }
    this.#found.set(identity, { offset, problem })
  }

  /** Lines and columns count from 1; columns are UTF-16 units, as editors count them. */
  place(offset: number): { readonly line: number; readonly column: number } {
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#lineStarts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - this.#lineStarts[low]! + 1 }
  }

  /** In the order of the file. */
  list(): readonly Problem[] {
    const found = [...this.#found.values()].sort((a, b) => a.offset - b.offset).map(({ problem }) => problem)
    const last = found.at(-1)
    if (this.#dropped > 0 && last !== undefined) {
      found.push({ ...last, path: '', message: `and ${this.#dropped} more problems`, severity: 'error' })
    }
    return found
  }
}
