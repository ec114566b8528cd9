import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { ROOT } from './helpers/gateway.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** What the unit must say: taking any of it away opens a door that nobody uses. */
const UNIT = `Type=notify-reload NotifyAccess=all WatchdogSec=30s DynamicUser=yes NoNewPrivileges=yes ProtectSystem=strict
  ProtectHome=yes PrivateTmp=yes PrivateDevices=yes ProtectKernelTunables=yes ProtectKernelModules=yes
  ProtectKernelLogs=yes ProtectControlGroups=yes ProtectClock=yes ProtectHostname=yes ProtectProc=invisible
  LockPersonality=yes RestrictNamespaces=yes RestrictRealtime=yes RestrictSUIDSGID=yes RemoveIPC=yes UMask=0077
  CapabilityBoundingSet=CAP_NET_BIND_SERVICE SystemCallArchitectures=native SystemCallFilter=@system-service
  SystemCallFilter=~@privileged KillMode=mixed RestartPreventExitStatus=2 KeyringMode=private TasksMax=512
  StateDirectory=polycdn ConfigurationDirectory=polycdn AmbientCapabilities=CAP_NET_BIND_SERVICE`

t.test('the systemd unit is hardened, and outlives the longest default drain', async (t) => {
  const lines = read('deploy/polycdn.service').split('\n')
  for (const line of UNIT.split(/\s+/)) t.ok(lines.includes(line), line)
  const stop = lines.find((line) => line.startsWith('TimeoutStopSec='))
  t.ok(Number(stop?.split('=')[1]) > 30)
  t.notOk(
    lines.some((line) => /^(User|ReadWritePaths|BindPaths)=/.test(line)),
    'nothing else is writable, and nobody else owns it',
  )
  t.notOk(
    lines.some((line) => line.startsWith('MemoryDenyWriteExecute=yes')),
    'V8 writes code',
  )
})

t.test('the image runs as a user that is a number, without a shell in between', async (t) => {
  const lines = read('Dockerfile').split('\n')
  const users = lines.filter((line) => line.startsWith('USER '))
  t.same(users, ['USER 1000:1000'])
  t.match(lines.filter((line) => line.startsWith('ENTRYPOINT')).join(), /^ENTRYPOINT \["node", /)
})

t.test('the Compose service has a read-only root, no capabilities, and bounds', async (t) => {
  const { gateway } = parse(read('deploy/compose.yaml')).services
  t.match(gateway, { read_only: true, cap_drop: ['ALL'], user: '1000:1000', pids_limit: 256, mem_limit: '1g' })
  t.ok(gateway.security_opt.includes('no-new-privileges:true'))
  t.ok(gateway.tmpfs.some((each: string) => each.startsWith('/var/lib/polycdn:')))
  t.ok(Number.parseInt(gateway.stop_grace_period, 10) > 30)
  t.ok(
    gateway.volumes.every((each: string) => each.endsWith(':ro')),
    'only what is in memory is writable',
  )
  t.notOk('privileged' in gateway || 'network_mode' in gateway || 'cap_add' in gateway)
})

t.test('the Deployment has the same, and gives the drain its time', async (t) => {
  const { spec } = parse(read('deploy/kubernetes/deployment.yaml')).spec.template
  t.match(spec.securityContext, { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } })
  t.match(spec, { automountServiceAccountToken: false, enableServiceLinks: false })
  const [container] = spec.containers
  const expected = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
  t.same(container.securityContext, expected)
  t.ok(container.resources.limits.memory)
  t.ok(spec.terminationGracePeriodSeconds > 30 + container.lifecycle.preStop.sleep.seconds)
  const state = container.volumeMounts.find(({ name }: { name: string }) => name === 'state')
  t.equal(state.mountPath, '/var/lib/polycdn')
  const writable = container.volumeMounts.filter(({ readOnly }: { readOnly?: boolean }) => readOnly !== true)
  t.same(writable, [state], 'nothing else is writable')
  t.notOk(['hostNetwork', 'hostPID', 'hostIPC'].some((key) => key in spec))
  t.ok(spec.volumes.find(({ name }: { name: string }) => name === 'state').emptyDir)
})
