/** Why a text of the right kind is not a value. Does not contain the text, which may be a secret, unless `whole`. */
export interface Refusal {
  readonly refused: string
  /** The names that it could have been. */
  readonly names?: readonly string[]
  /** `refused` is a whole sentence that repeats the text. */
  readonly whole?: true
}

export function refuse(refused: string, names?: readonly string[]): Refusal {
  return names === undefined ? { refused } : { refused, names }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value
}
