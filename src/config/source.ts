import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { compile, type NamedFile } from './compile.ts'
import type { Environment } from './interpolate.ts'
import { parseConfig } from './parse.ts'
import type { Locate } from './parsed.ts'
import type { Problem } from './problem.ts'
import type { Config } from './schema/index.ts'
import type { Snapshot } from './snapshot.ts'

/** All that a Snapshot is made of, but for the environment. Plain data: a Snapshot has functions, this crosses processes. */
export interface ConfigSource {
  /** As the command line names it. */
  readonly path: string
  readonly text: string
  /** The contents of the files that the text names, by their names there. */
  readonly files: ReadonlyMap<string, NamedFile>
}

export type Built =
  | { readonly snapshot: Snapshot; readonly warnings: readonly Problem[]; readonly locate: Locate }
  | { readonly problems: readonly Problem[] }

/** The Snapshot of what was read already. Reads nothing itself: equal sources and environments, equal Snapshots. */
export function buildSnapshot(source: ConfigSource, env: Environment): Built {
  const parsed = parseConfig(source.text, source.path, env)
  if ('problems' in parsed) return parsed
  return { snapshot: compileSource(parsed.config, source), warnings: parsed.warnings, locate: parsed.locate }
}

/** The second half of {@link buildSnapshot}, for who has parsed the text already. */
export function compileSource(config: Config, { path, text, files }: ConfigSource): Snapshot {
  const id = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return compile(config, { id, files, ...pathsOf(config, dirname(resolve(path))) })
}

/** Files and folders that are used later than the configuration is read. */
function pathsOf({ geoip: { database, asn_database: asns }, state_dir: stateDir }: Config, folder: string) {
  return {
    database: database === 'default' ? null : resolve(folder, database),
    asnDatabase: asns === null ? null : resolve(folder, asns),
    stateDir: stateDir === null ? null : resolve(folder, stateDir),
    folder,
  }
}
