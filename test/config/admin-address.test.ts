import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { validateFile } from '../../src/commands/validate.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { configText } from '../helpers/gateway.ts'
import { tempDir } from '../helpers/scope.ts'
import { topology } from '../scenarios/topology.ts'

/** Reachable from other machines, or no address at all: none of them is fine without a token. */
const WIDE = `0.0.0.0:1 :1 [::]:1 [0:0:0:0:0:0:0:0]:1 [::ffff:0.0.0.0]:1 [::ffff:192.0.2.1]:1 192.0.2.1:1 10.0.0.1:1
  128.0.0.1:1 126.255.255.255:1 [::2]:1 [fe80::1]:1 [::127.0.0.1]:1 localhost:1 LOCALHOST:1 localhost.:1 127.1:1
  2130706433:1 0x7f000001:1 0177.0.0.1:1 0:1 *:1 1`.split(/\s+/)
const LOOPBACK = ['127.0.0.1:1', '127.255.255.254:1', '[::1]:1', '[0:0:0:0:0:0:0:1]:1', '[::1%lo]:1']
/** What is no token: empty, or the value of a variable that is not set. */
const NONE = [undefined, null, '', '$' + '{T_EMPTY:-}', '$' + '{T_EMPTY}']

t.test('the admin leaves loopback with a token only', async (t) => {
  const file = join(tempDir(t, 'admin'), 'config.yaml')
  const check = async (admin: object) => {
    writeFileSync(file, configText({ ...topology({ edges: [{ name: 'fra', url: 'http://127.0.0.1:2' }] }), admin }))
    const { code, problems } = await validateFile(file, { T_EMPTY: '', T_TOKEN: 'long-enough-token' })
    return { code, text: problems.map(formatProblem).join('\n') }
  }
  for (const address of WIDE) {
    for (const token of NONE) t.match(await check({ address, token }), { code: 2, text: /admin\.address/ }, address)
  }
  for (const address of LOOPBACK) t.match(await check({ address }), { code: 0 }, address)
  t.match(await check({ address: '0.0.0.0:1', token: '$' + '{T_TOKEN}' }), { code: 0 })
  t.match(await check({ address: '0.0.0.0:1', token: 'short' }), { code: 2 })
})
