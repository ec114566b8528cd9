import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The open sockets of a process and of its children, from /proc. */
export function socketsOf(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + ownSockets(each), 0)
}

function ownSockets(pid: number): number {
  const dir = `/proc/${pid}/fd`
  const isSocket = (fd: string) => {
    try {
      return readlinkSync(`${dir}/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }
  return readdirSync(dir).filter(isSocket).length
}

/** All descendants that live now. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const children = text.split(' ').filter(Boolean).map(Number)
  return children.flatMap((child) => [child, ...childrenOf(child)])
}
