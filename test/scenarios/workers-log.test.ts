import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, read } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { WITHOUT_TAP } from '../helpers/child.ts'
import { ROOT, writeConfig } from '../helpers/gateway.ts'
import { get, keepAlive } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { topology } from './topology.ts'

const LINES = 400

/** A pipe as a shell makes it, which takes part of a write when it is nearly full; Node's own are sockets, and do not. */
function pipe(scope: Scope): { readonly reader: number; readonly writer: number } {
  const path = join(tempDir(scope, 'pipe'), 'fifo')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reader, writer: openSync(path, 'w') }
}

/** Reads what is there, and asks again for more until there is enough. */
async function readUntil(reader: number, enough: (text: string) => boolean): Promise<string> {
  const buffer = Buffer.alloc(64 * 1024)
  let text = ''
  const more = async () => {
    const { bytesRead } = await promisify(read)(reader, buffer, 0, buffer.length, null)
    text += buffer.toString('latin1', 0, bytesRead)
    return enough(text)
  }
  await until(more, { what: () => `more than ${text.length} bytes of log`, interval: 1, timeout: 30_000 })
  return text
}

t.test('lines of several workers never mix, however long they are and slow their reader is', async (t) => {
  const upstream = await scriptedUpstream(t, answer())
  const file = join(tempDir(t, 'gateway'), 'config.yaml')
  const edges = [{ name: 'fra', url: upstream.url }]
  writeConfig(file, { ...topology({ edges }), workers: 2, log: { access: true } })
  const { reader, writer } = pipe(t)
  const gateway = spawn(
    'env',
    [...WITHOUT_TAP, process.execPath, join(ROOT, 'src/main.ts'), 'serve', '--config', file],
    {
      stdio: ['ignore', writer, 'inherit'],
    },
  )
  const ended = once(gateway, 'exit')
  closeSync(writer)
  t.teardown(async () => {
    gateway.kill('SIGKILL')
    await ended
    closeSync(reader)
  })
  const begun = (text: string) => text.includes('"event":"ready"') && text.split('"event":"worker-ready"').length > 2
  const start = await readUntil(reader, (text) => begun(text) && text.endsWith('\n'))
  const url = `http://${/"listening","address":"([^"]+)"/.exec(start)![1]}`
  const agent = keepAlive(t, 32)
  // Nobody reads meanwhile: the pipe holds 64 KiB, and these are some 1.5 MB.
  await Promise.all(Array.from({ length: LINES }, () => get(`${url}/${'"'.repeat(1800)}`, { agent })))
  const text = await readUntil(reader, (all) => all.split('"path"').length > LINES && all.endsWith('\n'))
  const lines = text.trimEnd().split('\n')
  t.equal(lines.length, LINES)
  for (const line of lines) if (!line.startsWith('{"time"') || !line.endsWith('}')) t.fail(line)
  t.doesNotThrow(() => lines.map((line) => JSON.parse(line)))
  gateway.kill('SIGTERM')
  t.strictSame(await ended, [0, null])
})
