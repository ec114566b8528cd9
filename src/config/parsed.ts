import type { Problem } from './problem.ts'
import type { Config } from './schema/index.ts'

/** A place in the configuration file. Lines and columns count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Finds a value, `sites[0].origin`, or the nearest one above it when it is not written in the file. */
export type Locate = (path: string) => Place

/** A Config, or everything that is wrong with its text, warnings included. */
export type Parsed =
  | { readonly config: Config; readonly warnings: readonly Problem[]; readonly locate: Locate }
  | { readonly problems: readonly Problem[] }
