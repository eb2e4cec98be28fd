/** Gives a finished folder its name, whoever else does the same at that moment. */
import { randomUUID } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'

/** Each turn that is lost means that somebody else placed theirs, so this many must come at once to use all up. */
const MAX_TURNS = 32

/** A folder with something in it, or a file, has the name. */
const OCCUPIED: readonly unknown[] = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EPERM']

/**
 * Renames a folder. What has the name already stays when it is right, else it is removed. Rejects as the file
 * system does.
 * @returns false when what is there stayed; then the finished folder still has its first name
 */
export async function placeFolder(
  finished: string,
  folder: string,
  isRight: (folder: string) => Promise<boolean>,
): Promise<boolean> {
  for (let turnsLeft = MAX_TURNS; ; turnsLeft--) {
    try {
      await rename(finished, folder)
      return true
    } catch (error) {
      if (turnsLeft === 0 || !isOccupied(error)) throw error
    }
    if (await isRight(folder)) return false
    const discarded = `${folder}.${randomUUID()}.old`
    await rename(folder, discarded).catch(ignoreMissing)
    await rm(discarded, { recursive: true, force: true })
  }
}

function isOccupied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && OCCUPIED.includes(error.code)
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
