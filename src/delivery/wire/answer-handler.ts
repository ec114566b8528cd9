/** Who asked hears what becomes of it. After `onComplete` or `onError` nothing more comes. */
export interface AnswerHandler {
  /**
   * A connection is being opened for the request. Nothing was sent on it.
   *
   * @param abort gives up; `onError` follows at once
   */
  onDial?(abort: (reason?: Error) => void): void
  /**
   * A connection takes the request, which may have been sent from then on. Once more where the connection was one that
   * its other side had left already, and another takes it.
   *
   * @param abort gives up; `onError` follows at once
   */
  onConnect(abort: (reason?: Error) => void): void
  /**
   * The head of an answer, or of an interim one before it.
   *
   * @param rawHeaders a flat list of names and values
   * @param resume ends the pause that a false return began, here or in `onData`
   */
  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean
  /** A piece of the content, which is the handler's from then on; false: no more for now. */
  onData(chunk: Buffer): boolean
  onComplete(): void
  onError(error: Error): void
}
