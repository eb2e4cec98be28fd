/**
 * Installs the packages of package-lock.json when they are missing or old, before `npm start` and `npm test`.
 *
 * Plain JavaScript without dependencies, because it runs on whatever Node (18 or newer) the machine has; what it
 * installs brings Node 24. Nothing is written to stdout. Parallel invocations wait for one another.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.duckmesh-lock-hash')
const cache = join(root, '.cache')
const lock = join(cache, 'install.lock')
const needed = 24
const silent = process.env.npm_config_loglevel === 'silent'

/** The holder of the lock touches it this often. */
const HEARTBEAT_MS = 2000
/** A lock that nobody touched for this long belongs to a process that is gone. */
const STALE_MS = 30000

/** A failure with a code and a sentence that says what to do. */
class InstallError extends Error {
  constructor(code, message) {
    super(message)
    this.code = code
  }
}

const say = (text) => {
  if (!silent) process.stderr.write(`duckmesh: ${text}\n`)
}
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const readOr = (path, fallback) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return fallback
  }
}

/** What node_modules must say to be current: the lock's hash, and the platform the binaries are for. */
function wantedStamp() {
  const text = readOr(join(root, 'package-lock.json'), undefined)
  if (text === undefined) {
    throw new InstallError(
      'INSTALL_NO_LOCK',
      'package-lock.json is missing. Restore it: git checkout package-lock.json',
    )
  }
  const hash = createHash('sha256').update(text).digest('hex')
  return `${hash} ${process.platform}-${process.arch}\n`
}

const isStamped = () => readOr(stampFile, '') === wantedStamp()

/** True when npm's own record of node_modules agrees with the lock: installed by hand, so nothing is to do. */
function isInstalledByHand() {
  try {
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
    const present = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')).packages
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === '') return true
      const found = present[path]
      if (found === undefined) return mayBeMissing(entry)
      return (
        found.version === entry.version &&
        found.integrity === entry.integrity &&
        existsSync(join(root, path))
      )
    })
  } catch {
    return false
  }
}

/** npm leaves out optional packages for other machines (a binary names its os and cpu) and strays in the lock. */
function mayBeMissing({ optional, extraneous, os, cpu, libc }) {
  const isOwnBinary =
    os?.includes(process.platform) && cpu?.includes(process.arch) && libc === undefined
  return extraneous === true || (optional === true && isOwnBinary !== true)
}

/** Why npm failed, in terms of what the user can do. */
function explain(output, status) {
  const cases = [
    [
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET|network/i,
      'INSTALL_NO_NETWORK',
      'The package registry cannot be reached. Check the network, a proxy (npm config get proxy) and the registry (npm config get registry), then run the command again.',
    ],
    [
      /in sync|EUSAGE/,
      'INSTALL_LOCK_OUT_OF_SYNC',
      'package.json and package-lock.json disagree. Undo local changes to them (git checkout package.json package-lock.json) or run `npm install --ignore-scripts` to write a new lock.',
    ],
    [
      /ENOSPC/,
      'INSTALL_DISK_FULL',
      'The disk is full. The packages need about 1 GB; make room, then run the command again.',
    ],
    [
      /EACCES|EPERM|EROFS/,
      'INSTALL_NOT_WRITABLE',
      'node_modules cannot be written. Make the folder yours, or move the checkout to one that is, then run the command again.',
    ],
    [
      /EINTEGRITY/,
      'INSTALL_CORRUPT_PACKAGE',
      'A package does not match the hash in the lock. Run `npm cache verify`, then the command again; if it stays, do not trust the registry you use.',
    ],
    [
      /E404|ETARGET|ENOVERSIONS/,
      'INSTALL_PACKAGE_NOT_FOUND',
      'The registry does not have a package of the lock. Check that npm config get registry names a full mirror.',
    ],
    [
      /EBADPLATFORM/,
      'INSTALL_WRONG_PLATFORM',
      'A package does not run on this platform. DuckMesh is developed on Linux x64; use that, or a container of it.',
    ],
    [
      /npm: not found|ENOENT.*npm|spawn npm/,
      'INSTALL_NO_NPM',
      'npm is not on the PATH. Install Node.js with npm (any version from 18), then run the command again.',
    ],
  ]
  for (const [pattern, code, message] of cases)
    if (pattern.test(output)) return new InstallError(code, message)
  return new InstallError(
    'INSTALL_FAILED',
    `npm ci ended with status ${status}. Read its messages above, then run the command again.`,
  )
}

/** Runs `npm ci`; its output goes to stderr, or is kept for the error message when npm is silent. */
function install() {
  const args = [
    'ci',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--include=dev',
    '--include=optional',
    '--loglevel=error',
  ]
  const cli = process.env.npm_execpath
  const usesCli = cli !== undefined && /npm-cli\.c?js$/.test(cli)
  const child = spawn(usesCli ? process.execPath : 'npm', usesCli ? [cli, ...args] : args, {
    cwd: root,
    env: {
      ...process.env,
      ONNXRUNTIME_NODE_INSTALL: 'skip',
      npm_config_workspaces: '',
      npm_config_workspace: '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: !usesCli && process.platform === 'win32',
  })
  const endChild = () => child.kill('SIGTERM')
  process.once('exit', endChild)
  let output = ''
  const keep = (data) => {
    output += data
    if (!silent) process.stderr.write(data)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(explain(`spawn npm ${error.message}`, 127)))
    child.on('close', (status) => {
      process.off('exit', endChild)
      if (status === 0) return resolve()
      if (silent) process.stderr.write(output.split('\n').slice(0, 6).join('\n') + '\n')
      reject(explain(output, status))
    })
  })
}

/** Says every ten seconds that the installation goes on. */
async function installWithProgress() {
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1000)
  say('installing packages; the first time takes about a minute')
  const timer = setInterval(() => say(`installing packages, ${seconds()} s`), 10000)
  try {
    await install()
  } finally {
    clearInterval(timer)
  }
  say(`installed in ${seconds()} s`)
}

/** Checks that the scripts after this one find a Node they can run on. */
function checkNode() {
  const bundled = join(modules, '.bin', 'node')
  const advice = `DuckMesh runs on Node ${needed} or newer. Its own copy is for Linux x64 and arm64 with glibc; elsewhere install Node ${needed} from nodejs.org and put it first on the PATH.`
  if (existsSync(bundled)) {
    for (const name of ['node', 'forge', 'anvil']) makeExecutable(join(modules, '.bin', name))
    const answer = spawnSync(bundled, ['--version'], { encoding: 'utf8' })
    if (answer.status === 0 && majorOf(answer.stdout) >= needed) return
    throw new InstallError(
      'NODE_UNUSABLE',
      `The installed Node does not start here (${answer.error?.message ?? answer.stderr.trim()}). ${advice}`,
    )
  }
  if (majorOf(process.version) < needed)
    throw new InstallError('NODE_TOO_OLD', `This is Node ${process.version}. ${advice}`)
}

const majorOf = (version) => Number(/^v(\d+)/.exec(version)?.[1] ?? 0)

/** npm sets the mode of linked binaries itself; some file systems and copies lose it. */
function makeExecutable(path) {
  if (!existsSync(path) || process.platform === 'win32') return
  const { mode } = statSync(path)
  if ((mode & 0o111) !== 0o111) chmodSync(path, mode | 0o111)
}

/** The token in the lock, and whether its holder is gone. */
function inspectLock() {
  const [token = '', pid = '', host = ''] = readOr(join(lock, 'owner'), '').split(' ')
  let age = 0
  try {
    age = Date.now() - statSync(lock).mtimeMs
  } catch {
    return { token, stale: false }
  }
  return { token, stale: age > STALE_MS || (host === hostname() && !isAlive(Number(pid))) }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Makes the lock folder, which only one process can do; false when another holds it. */
function tryLock() {
  mkdirSync(cache, { recursive: true })
  try {
    mkdirSync(lock)
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
  writeFileSync(
    join(lock, 'owner'),
    `${randomBytes(8).toString('hex')} ${process.pid} ${hostname()}`,
  )
  return true
}

/** Moves a stale lock away. The target is named for the holder, so a second waiter cannot move a newer lock there. */
function breakLock(token) {
  try {
    renameSync(lock, `${lock}.${token || 'unknown'}.stale`)
    say('an earlier installation was interrupted; starting again')
  } catch {
    // Another waiter was faster.
  }
}

function unlock() {
  rmSync(lock, { recursive: true, force: true })
  for (const name of readdirSync(cache)) {
    if (name.startsWith('install.lock.'))
      rmSync(join(cache, name), { recursive: true, force: true })
  }
}

/** Runs `work` while this process alone holds the lock; waits for another holder to end. */
async function withLock(work) {
  for (let told = false; !tryLock();) {
    const { token, stale } = inspectLock()
    if (stale) breakLock(token)
    else if (!told) {
      say('waiting for another installation of this checkout')
      told = true
    }
    await sleep(300)
  }
  const heartbeat = setInterval(() => utimesSync(lock, new Date(), new Date()), HEARTBEAT_MS)
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ]) {
    process.once(signal, () => {
      unlock()
      process.exit(code)
    })
  }
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    unlock()
  }
}

async function ensureInstalled() {
  if (majorOf(process.version) < 18) {
    throw new InstallError(
      'NODE_TOO_OLD',
      `This is Node ${process.version}. Installing needs Node 18 or newer; Node 24 then comes with the packages.`,
    )
  }
  if (isStamped()) return checkNodeQuickly()
  await withLock(async () => {
    if (isStamped()) return
    if (!isInstalledByHand()) await installWithProgress()
    checkNode()
    writeFileSync(stampFile, wantedStamp())
  })
}

/** With a current stamp the bundled Node was tried when it was installed; only the machine's own can have changed. */
function checkNodeQuickly() {
  if (!existsSync(join(modules, '.bin', 'node'))) checkNode()
}

try {
  await ensureInstalled()
} catch (error) {
  const code = error instanceof InstallError ? error.code : 'INSTALL_FAILED'
  process.stderr.write(`error ${code}: ${error.message}\n`)
  process.exitCode = 1
}
