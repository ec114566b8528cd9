/** Where a CDN's edges stand, as its operator or others wrote it down. docs/presets.md says how sure each list is. */
export interface Preset {
  /** Who published the list, or whose list it was made after. */
  readonly source: string
  /** The day of the list: YYYY-MM-DD, or YYYY where nothing more is known. */
  readonly date: string
  /** IATA codes of metros, in alphabetical order, separated by white space. Each is in the table of metros. */
  readonly metros: string
}
