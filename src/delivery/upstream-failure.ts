import type { ErrorCode } from '../errors.ts'

/** Why an endpoint did not answer, or broke off, thrown to whoever pulls its answer. */
export class UpstreamFailure extends Error {
  readonly code: ErrorCode
  /** Whether the request may have reached the endpoint. */
  readonly sent: boolean

  constructor(code: ErrorCode, sent: boolean) {
    super(code)
    this.name = 'UpstreamFailure'
    this.code = code
    this.sent = sent
  }
}
