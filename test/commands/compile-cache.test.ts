import { chmodSync, chownSync, existsSync, globSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { cacheFolder } from '../../src/commands/compile-cache.ts'
import { runCommand, startGateway } from '../helpers/gateway.ts'
import { tempDir } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { topology } from '../scenarios/topology.ts'

const US = { uid: process.getuid!(), gid: process.getgid!() }
const ANOTHER = { uid: US.uid + 1, gid: US.gid }
const IS_GROUP_OURS = US.gid === 0 || US.gid === US.uid

function home(t: Test): string {
  const folder = t.testdir()
  chmodSync(folder, 0o755)
  return folder
}

t.test('it is below the folder for caches of the user, and only ours', async (t) => {
  const folder = home(t)
  const found = cacheFolder({ HOME: folder }, US)
  t.equal(found, join(folder, '.cache/polycdn/compiled'))
  t.equal(statSync(found!).mode & 0o777, 0o700)
  t.equal(cacheFolder({ HOME: folder }, US), found, 'and again')
  t.equal(cacheFolder({ HOME: '/nowhere', XDG_CACHE_HOME: join(folder, 'x') }, US), join(folder, 'x/polycdn/compiled'))
  const service = { CACHE_DIRECTORY: `${join(folder, 's')}:${join(folder, 'other')}`, XDG_CACHE_HOME: '/nowhere' }
  t.equal(cacheFolder(service, US), join(folder, 's/compiled'), 'of systemd')
})

t.test('there is none where somebody else could put what we run', async (t) => {
  const folder = home(t)
  if (US.uid === 0) chownSync(folder, ANOTHER.uid, US.gid)
  t.equal(cacheFolder({ HOME: folder }, US.uid === 0 ? US : ANOTHER), null, 'a home of somebody else, as with sudo -E')
  t.notOk(existsSync(join(folder, '.cache')), 'and nothing is made there')
  chownSync(folder, US.uid, US.gid)
  for (const path of ['.', '.cache', '.cache/polycdn', '.cache/polycdn/compiled']) {
    const isLast = path.endsWith('compiled')
    cacheFolder({ HOME: folder }, US)
    chmodSync(join(folder, path), 0o777)
    t.equal(cacheFolder({ HOME: folder }, US), null, `all may write to ${path}`)
    chmodSync(join(folder, path), 0o1777)
    t.equal(cacheFolder({ HOME: folder }, US) === null, isLast, `all may add to ${path}`)
    chmodSync(join(folder, path), 0o775)
    t.equal(cacheFolder({ HOME: folder }, US) === null, isLast || !IS_GROUP_OURS, `our own group may write to ${path}`)
    chmodSync(join(folder, path), 0o700)
  }
})

t.test('a group is ours only where it has our number: others have others in it', async (t) => {
  const folder = home(t)
  const inGroup = { uid: US.uid, gid: US.uid + 100 }
  // Only root gives a folder to any group.
  if (US.uid !== 0) return
  chownSync(folder, US.uid, inGroup.gid)
  chmodSync(folder, 0o775)
  t.equal(cacheFolder({ HOME: folder }, inGroup), null)
  chmodSync(folder, 0o755)
  t.ok(cacheFolder({ HOME: folder }, inGroup))
})

t.test('a link leads to where nobody else can lead it', async (t) => {
  const folder = home(t)
  mkdirSync(join(folder, 'private'), { mode: 0o700 })
  symlinkSync('private', join(folder, 'link'))
  t.equal(cacheFolder({ CACHE_DIRECTORY: join(folder, 'link') }, US), join(folder, 'private/compiled'))
  symlinkSync('nowhere', join(folder, 'dangling'))
  t.equal(cacheFolder({ CACHE_DIRECTORY: join(folder, 'dangling') }, US), null)
})

t.test('there is none where none can be', async (t) => {
  const folder = home(t)
  writeFileSync(join(folder, 'file'), '')
  t.equal(cacheFolder({}, US), null)
  t.equal(cacheFolder({ HOME: '' }, US), null)
  t.equal(cacheFolder({ XDG_CACHE_HOME: 'relative' }, US), null)
  t.equal(cacheFolder({ HOME: join(folder, 'missing') }, US), null)
  t.notOk(existsSync(join(folder, 'missing')), 'and it is not made')
  t.equal(cacheFolder({ HOME: '/proc/self' }, US), null, 'where none can be made')
  t.equal(cacheFolder({ XDG_CACHE_HOME: join(folder, 'file/x') }, US), null)
  mkdirSync(join(folder, 'full/polycdn'), { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'full/polycdn/compiled'), '')
  t.equal(cacheFolder({ XDG_CACHE_HOME: join(folder, 'full') }, US), null)
})

t.test('a command leaves what it compiled for the next one, and a gateway does while it runs', async (t) => {
  const entries = (folder: string) => globSync(join(folder, 'polycdn/compiled/*/*')).length
  const [ofCommand, ofGateway] = [home(t), tempDir(t, 'cache')]
  const none = { NODE_COMPILE_CACHE: '', CACHE_DIRECTORY: '', XDG_CACHE_HOME: '' }
  const env = { ...none, HOME: ofCommand }
  t.equal((await runCommand(t, ['schema'], env).exited()).code, 0)
  t.ok(entries(join(ofCommand, '.cache')) > 50)
  await startGateway(t, topology({ edges: [{ name: 'fra', url: 'http://127.0.0.1:9' }] }), {
    env: { ...none, XDG_CACHE_HOME: ofGateway },
  })
  await until(() => entries(ofGateway) > 200, { what: 'the cache' })
})
