/** Where an answer goes: to a client, or to what keeps it for several. */
export interface AnswerSink {
  /** Bytes of body handed over to the client's connection so far. */
  readonly bytes: number
  /** The client has not taken all of it yet. */
  readonly waiting: boolean
  /**
   * Calls `resume` whenever more may be written after a false `write`, `gone` once if the client leaves before the end,
   * and `leaving` when it ends its side.
   */
  watch(resume: () => void, gone: () => void, leaving?: () => void): void
  /** @param headers a flat list of names and values. Throws where they are none. */
  head(status: number, headers: string[]): void
  /** Sends the head now, unless a body takes it along. */
  flush(): void
  /**
   * False: wait for `resume`.
   *
   * @param taken called when nobody has a use for these bytes any more; where it is not, they are the sink's for good
   */
  write(chunk: Buffer, taken?: (chunk: Buffer) => void): boolean
  /** The answer is complete. */
  end(last?: Buffer): void
  /** The answer is cut, and the client shall see it. */
  abort(): void
}

/** Where the answer to one client goes: as it is, or through something that changes its bytes. */
export interface ClientWriter extends AnswerSink {
  /** Calls `then` once `bytes` grows no more: after the end, or a cut. */
  whenHandedOver(then: () => void): void
}
