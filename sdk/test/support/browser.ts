/** A real browser without a window, for pages that this process serves. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The Chromium of this machine, if it has one. */
export function findBrowser(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(existsSync)
}

/** Opens a page in a fresh profile; the function closes it again. */
export function openPage(browser: string, url: string): () => Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'duckmesh-page-'))
  // The page is our own, and a container's root cannot have the sandbox.
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run']
  const child = spawn(browser, [...flags, `--user-data-dir=${profile}`, url], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  return async () => {
    // Nothing of the profile is worth being written down; helpers of the browser end a moment after it.
    child.kill('SIGKILL')
    await ended
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}
