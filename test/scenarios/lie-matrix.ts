import { seen } from '../helpers/seen.ts'

/** A gateway in front of endpoints that lie as they are told to, and what there is to lie about. */
export interface Liars<L> {
  readonly port: number
  readonly lies: readonly L[]
  readonly nameOf: (lie: L) => string
  /** What is asked for while this lie is told. Who is silent costs a time-out each. */
  readonly filesFor: (lie: L) => readonly (readonly [path: string, truth: Uint8Array])[]
  /** The first so many tell this lie from now on, all others the truth. Whoever lied before is forgiven. */
  tell(lie: L, liars: number): void
  /** What is wrong besides with an answer that came while the first told this lie; null: nothing. */
  judge?(lie: L, path: string, headers: NodeJS.Dict<string | string[]>): string | null
}

export interface MatrixOptions {
  /** How many lie: the first, or all of them. */
  readonly liars: number
  /** One of so many pairs of a lie and an object is tried, in turns. 1: all of them. */
  readonly every: number
}

export interface MatrixReport {
  readonly answers: number
  /** Failures that a client sees. */
  readonly refused: number
  /** What must not be, in words. */
  readonly wrong: readonly string[]
}

/**
 * Every lie about every object. Where somebody is honest the client gets the true bytes; where all lie it gets a
 * failure that it sees, and of a lie no byte.
 */
export async function lieMatrix<L>(ground: Liars<L>, { liars, every }: MatrixOptions): Promise<MatrixReport> {
  const wrong: string[] = []
  let [answers, refused, turn] = [0, 0, 0]
  for (const lie of ground.lies) {
    for (const [path, truth] of ground.filesFor(lie)) {
      if (turn++ % every !== 0) continue
      ground.tell(lie, liars)
      const { end, status, bytes, headers } = await seen(ground.port, path)
      const what = `${ground.nameOf(lie)}, ${path}: ${end} ${status}, ${bytes.length} of ${truth.length} bytes`
      answers++
      const whole = end === 'whole' && status === 200
      if (!whole) refused++
      if (status === 200 && !bytes.equals(whole ? truth : truth.subarray(0, bytes.length))) wrong.push(what)
      if (status !== 200 && (liars === 1 || end !== 'whole' || status < 502 || status > 504)) wrong.push(what)
      if (liars > 1) continue
      if (!whole) wrong.push(what)
      const more = ground.judge?.(lie, path, headers) ?? null
      if (more !== null) wrong.push(`${what}: ${more}`)
    }
    // Another object next time, whatever their number.
    if (every > 1 && ground.filesFor(lie).length % every === 0) turn++
  }
  return { answers, refused, wrong: [...new Set(wrong)] }
}
