import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { costs } from '../../src/commands/costs.ts'
import { reportFailure } from '../../src/commands/failure.ts'
import { fakeShell } from '../helpers/fake-shell.ts'
import { tempDir } from '../helpers/scope.ts'

const CONFIG = `state_dir: state
cdns: [{ name: a, provider: http, url: "https://a.example" }]
sites: [{ name: w, hosts: ["*"], routes: [{ policy: default }] }]
policies: { default: { cdns: [a] } }
`

t.test('what of the books is damaged is said, and never a bill of nothing without a word', async (t) => {
  const folder = tempDir(t, 'costs')
  const config = join(folder, 'c.yaml')
  mkdirSync(join(folder, 'state'), { mode: 0o700 })
  writeFileSync(config, CONFIG)
  const run = async (state: string) => {
    writeFileSync(join(folder, 'state', 'costs.json'), state, { mode: 0o600 })
    const { shell, out, err } = fakeShell()
    const args = ['--config', config, '--offline', '--json']
    const code = await costs(args, shell).catch((error: unknown) => reportFailure(error, shell))
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  t.match(await run('{"version":1,"cdns":[{"cdn":"a","bytes":-1}]}'), {
    code: 0,
    out: /"bytes": 0/,
    err: /costs\.json: 1 of 1 entries are damaged and left out$/,
  })
  t.match(await run('{"version":1,"cdns":[]}'), { code: 0, err: /^$/ })
  t.match(await run('{"version":1,"cd'), { code: 2, out: /^$/, err: /costs\.json/ })
})
