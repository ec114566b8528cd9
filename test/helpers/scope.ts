import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a helper needs of its caller: a tap test has it, and so has a soak run outside tap. */
export interface Scope {
  /** Runs when the scope ends, the last one first. A returned promise is awaited. */
  teardown(fn: () => unknown): void
}

/** A new empty directory that goes away with the scope. Unlike `t.testdir()`, every call gives another one. */
export function tempDir(scope: Scope, name = 'test'): string {
  const dir = mkdtempSync(join(tmpdir(), `polycdn-${name}-`))
  scope.teardown(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }))
  return dir
}
