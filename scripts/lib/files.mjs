/** Lists, compares and copies files of the repository for the scripts of this folder. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { root, run } from './process.mjs'

/** Folders that hold nothing of the project's own. */
const skipped = new Set([
  'node_modules',
  'dist',
  'out',
  'cache',
  'coverage',
  '.git',
  '.cache',
  '.duckmesh',
])

/** Paths of every file of the project, tracked or new, without what git ignores; sorted, with `/`. */
export async function projectFiles() {
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'])
  const files = listed.code === 0 ? listed.stdout.split('\0') : walk(root).map(toRelative)
  const kept = files.filter((file) => file !== '' && existsSync(join(root, file)))
  return [...new Set(kept)].sort((a, b) => (a < b ? -1 : 1))
}

/** Absolute paths of all files under a folder, leaving out build output and installed packages. */
export function walk(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? walk(path) : [path]
  })
}

const toRelative = (path) => relative(root, path).split('\\').join('/')

/** Paths, relative to the two folders, of files that differ or exist in one of them only. */
export function differences(left, right) {
  const names = (folder) =>
    !existsSync(folder)
      ? []
      : statSync(folder).isFile()
        ? ['']
        : walk(folder).map((path) => relative(folder, path))
  const all = new Set([...names(left), ...names(right)])
  return [...all]
    .filter((name) => contents(join(left, name)) !== contents(join(right, name)))
    .sort()
}

const contents = (path) => (existsSync(path) ? readFileSync(path, 'latin1') : undefined)

/** Runs `use(folder)` with a fresh temporary folder and removes the folder whatever happens. */
export async function withTemporaryFolder(use, parent = tmpdir()) {
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'duckmesh-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    return await use(folder)
  } finally {
    remove()
    process.off('exit', remove)
  }
}

/** Makes the parent folder of a path. */
export const makeParent = (path) => mkdirSync(dirname(path), { recursive: true })
