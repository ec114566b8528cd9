import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { printable } from '../../src/commands/printable.ts'
import { runCommand } from '../helpers/gateway.ts'
import { tempDir } from '../helpers/scope.ts'

t.test('nothing that a terminal obeys is left', async (t) => {
  t.equal(printable('a\x1b[2J\x07\x9b31m\x7f\r\u202eb\ud800'), 'a\ufffd[2J\ufffd\ufffd31m\ufffd\ufffd\ufffdb\ufffd')
  t.equal(printable('é ├─ ✗\n\t'), 'é ├─ ✗\n\t')
})

t.test('a configuration with escape sequences in its names does not reach the terminal', async (t) => {
  const file = join(tempDir(t, 'printable'), 'config.yaml')
  writeFileSync(file, 'version: 1\n"\\e[2Jx\\x9b31m": 1\nsites: [{ name: "\\e]0;owned\\a" }]\n')
  const exit = await runCommand(t, ['validate', '--config', file]).exited()
  t.equal(exit.code, 2)
  t.notMatch(exit.stdout + exit.stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
})
