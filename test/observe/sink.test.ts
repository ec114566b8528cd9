import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Sink } from '../../src/observe/sink.ts'
import { until, within } from '../helpers/wait.ts'

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants

/** A named pipe with both ends open, by default non-blocking, like a service manager's or a container's standard output. */
function pipe(dir: string, mode = O_NONBLOCK): { reader: number; writer: number } {
  const path = join(dir, 'pipe')
  execFileSync('mkfifo', [path])
  return { reader: openSync(path, O_RDONLY | O_NONBLOCK), writer: openSync(path, O_WRONLY | mode) }
}

function readAll(fd: number): string {
  const chunk = Buffer.alloc(65536)
  let text = ''
  for (;;) {
    try {
      const length = readSync(fd, chunk)
      if (length === 0) return text
      text += chunk.toString('latin1', 0, length)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return text
      throw error
    }
  }
}

t.test('no line is lost at close, whatever the batches', async (t) => {
  const path = join(t.testdir(), 'log')
  const sink = new Sink(openSync(path, 'w'))
  const lines = Array.from({ length: 5000 }, (_, i) => `${i} ${'ü'.repeat(i % 300)}`)
  for (const line of lines) sink.write(line)
  await sink.close()
  t.strictSame(readFileSync(path, 'utf8').split('\n'), [...lines, ''])
  t.equal(sink.dropped, 0)
  sink.write('late')
  t.equal(sink.dropped, 1)
  await sink.close()
})

t.test('flush waits for what was written before it; a lone line does not wait for company for ever', async (t) => {
  const path = join(t.testdir(), 'log')
  const sink = new Sink(openSync(path, 'w'), { delay: 1 })
  t.equal(await sink.flush(), true, 'nothing to do')
  sink.write('one')
  t.equal(await sink.flush(), true)
  t.equal(readFileSync(path, 'utf8'), 'one\n')
  sink.write('two')
  await until(() => readFileSync(path, 'utf8') === 'one\ntwo\n')
  await sink.close()
})

t.test('an empty pipe takes a batch whole: what it does not take waits, and the reader with it', async (t) => {
  const { reader, writer } = pipe(t.testdir())
  const sink = new Sink(writer, { delay: 60_000 })
  const line = 'x'.repeat(999)
  let text = ''
  await until(() => {
    sink.write(line)
    text = readAll(reader)
    return text !== ''
  })
  t.equal(text.length % 1000, 0, `${text.length}`)
  await sink.close()
  closeSync(reader)
})

t.test('a stalled reader costs lines beyond the bound, and gets all others when it reads again', async (t) => {
  const { reader, writer } = pipe(t.testdir())
  const sink = new Sink(writer, { maxWaiting: 256 * 1024 })
  const line = 'x'.repeat(999)
  for (let i = 0; i < 2000; i++) sink.write(line)
  t.equal(await sink.flush(50), false, 'the pipe takes 64 KiB')
  const dropped = sink.dropped
  t.ok(dropped > 1000 && dropped < 2000, `${dropped}`)
  let text = ''
  const closed = sink.close(10_000)
  await until(() => {
    text += readAll(reader)
    return text.length === (2000 - dropped) * 1000
  })
  await closed
  t.equal(sink.dropped, dropped)
  t.ok(
    text.split('\n').every((got) => got === line || got === ''),
    'no line is torn',
  )
  closeSync(reader)
})

for (const [kind, mode] of [
  ['non-blocking', O_NONBLOCK],
  ['blocking', 0],
] as const) {
  t.test(`close gives up on a ${kind} pipe that stays full, and counts what it had`, async (t) => {
    const { reader, writer } = pipe(t.testdir(), mode)
    const sink = new Sink(writer, { maxWaiting: 256 * 1024 })
    for (let i = 0; i < 200; i++) sink.write('x'.repeat(999))
    await within(sink.close(20), 'the end of close()')
    t.ok(sink.dropped > 100 && sink.dropped <= 200, `${sink.dropped}`)
    // Lets the thread go that waits in a blocking write.
    closeSync(reader)
  })
}

t.test('a reader that is gone is no crash; the next one gets what is within the bound', async (t) => {
  const dir = t.testdir()
  const { reader, writer } = pipe(dir)
  const sink = new Sink(writer, { maxWaiting: 64 * 1024 })
  closeSync(reader)
  for (let i = 0; i < 50; i++) {
    for (let j = 0; j < 20; j++) sink.write('x'.repeat(999))
    t.equal(await sink.flush(), false)
  }
  const dropped = sink.dropped
  t.ok(dropped >= 900 && dropped < 1000, `${dropped}`)
  const next = openSync(join(dir, 'pipe'), O_RDONLY | O_NONBLOCK)
  sink.write('dropped too, for the queue is full: '.padEnd(64 * 1024))
  let text = ''
  await until(() => {
    text += readAll(next)
    return text.length === (1000 - dropped) * 1000
  })
  sink.write('seen')
  await sink.close()
  t.equal(readAll(next), 'seen\n')
  t.equal(sink.dropped, dropped + 1)
  closeSync(next)
})

t.test('a descriptor that is not open is no crash', async (t) => {
  const sink = new Sink(1_000_000)
  sink.write('x')
  await sink.close()
  t.equal(sink.dropped, 1)
})

t.test('a stalled reader of standard output does not keep the process from ending', async (t) => {
  const code = `
    import { Sink } from ${JSON.stringify(new URL('../../src/observe/sink.ts', import.meta.url).href)}
    const sink = new Sink(process.stdout.fd)
    for (let i = 0; i < 3000; i++) sink.write('x'.repeat(999))
    await sink.close(20)
    process.stderr.write(String(sink.dropped))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [status] = await within(once(child, 'exit'), 'the end of the process')
  t.equal(status, 0)
  await until(() => Number(said) > 1000)
})
