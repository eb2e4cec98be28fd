/** What the system says about processes and their ports, from /proc. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { until } from './until.ts'

interface ProcessInfo {
  pid: number
  parent: number
  state: string
}

/** A process and everything that it started, directly or not. */
export function processTree(pid: number): number[] {
  const all = listProcesses()
  const tree = [pid]
  for (const member of tree) {
    tree.push(...all.filter(({ parent }) => parent === member).map((child) => child.pid))
  }
  return tree
}

/** The parent of a process; undefined when it is gone. */
export function parentOf(pid: number): number | undefined {
  return infoOf(pid)?.parent
}

/** False for one that ended and is only not yet taken note of by its parent. */
export function isRunning(pid: number): boolean {
  const state = infoOf(pid)?.state
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** TCP ports on which these processes listen. */
export function listeningPorts(pids: readonly number[]): number[] {
  const sockets = new Set(pids.flatMap(socketsOf))
  return readTcpTable()
    .filter(({ inode }) => sockets.has(inode))
    .map(({ port }) => port)
}

/** Waits until none of the processes runs and none of the ports is listened on. */
export async function expectGone(pids: readonly number[], ports: readonly number[]): Promise<void> {
  await until('every process ended', () => pids.every((pid) => !isRunning(pid)))
  await until('every port closed', () => {
    const open = readTcpTable().map(({ port }) => port)
    return ports.every((port) => !open.includes(port))
  })
}

/** Ends processes that a test left; for hooks. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
}

function listProcesses(): ProcessInfo[] {
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))
  return pids.flatMap((name) => infoOf(Number(name)) ?? [])
}

function infoOf(pid: number): ProcessInfo | undefined {
  try {
    // The name in brackets may hold anything: what follows it counts.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { pid, state: fields[0] ?? '', parent: Number(fields[1]) }
  } catch {
    return undefined
  }
}

function socketsOf(pid: number): string[] {
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
    return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
  } catch {
    return []
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** State 0A is LISTEN; the local address is `<hex address>:<hex port>`. */
function readTcpTable(): { port: number; inode: string }[] {
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(linesOf)
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
    return state === '0A' ? [{ port: parseInt(local.split(':')[1] ?? '', 16), inode }] : []
  })
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(1)
  } catch {
    return []
  }
}
