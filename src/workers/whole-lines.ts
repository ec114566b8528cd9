import { StringDecoder } from 'node:string_decoder'

/** No line of the program is as long; who writes one has lost its newline. UTF-16 units. */
const LONGEST = 1024 * 1024

/**
 * Lines of a stream whose chunks end anywhere. Only one process writes to standard output, whole lines: those of several
 * writers would cut each other, since a pipe takes no more than 4 KiB at once for granted.
 */
export class WholeLines {
  readonly #onLine: (line: string) => void
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  /** What follows the last newline waits for more; the last words of a writer that was killed are never heard. */
  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n')
    const rest = lines.pop()!
    this.#rest = rest.length > LONGEST ? '' : rest
    for (const line of lines) if (line !== '') this.#onLine(line)
  }
}
